// Drawing into a label map: plain functions on a Uint8Array of class ids, W x H, row by row.
// Nothing here is ever anti-aliased: a pixel has one class.

/** Every pixel within `r` of the segment (x0,y0)-(x1,y1): one round brush dab dragged from end to end. */
function capsule(ids, W, H, x0, y0, x1, y1, r, id) {
  const dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
  const left = Math.max(0, Math.floor(Math.min(x0, x1) - r)), right = Math.min(W - 1, Math.ceil(Math.max(x0, x1) + r));
  const top = Math.max(0, Math.floor(Math.min(y0, y1) - r)), bottom = Math.min(H - 1, Math.ceil(Math.max(y0, y1) + r));
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const px = x + 0.5 - x0, py = y + 0.5 - y0;
      const s = length2 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
      const ex = px - s * dx, ey = py - s * dy;
      if (ex * ex + ey * ey <= r * r) ids[y * W + x] = id;
    }
  }
}

/** The 4-connected region of one class around (x, y), by spans. */
function floodFill(ids, W, H, x, y, id) {
  const from = ids[y * W + x];
  if (from === id) return;
  const stack = [[x, y]];
  while (stack.length) {
    let [left, row] = stack.pop();
    const at = row * W;
    if (ids[at + left] !== from) continue;
    let right = left;
    while (left > 0 && ids[at + left - 1] === from) left--;
    while (right < W - 1 && ids[at + right + 1] === from) right++;
    ids.fill(id, at + left, at + right + 1);
    for (const next of [row - 1, row + 1]) {
      if (next < 0 || next >= H) continue;
      for (let i = left; i <= right; i++) {
        // one seed a run is enough: the span that it starts covers the rest
        if (ids[next * W + i] === from && (i === left || ids[next * W + i - 1] !== from)) stack.push([i, next]);
      }
    }
  }
}

/** The rectangle between two corners, both included. */
function fillRectangle(ids, W, H, a, b, id) {
  const span = (p, q, n) => [Math.max(0, Math.floor(Math.min(p, q))), Math.min(n - 1, Math.floor(Math.max(p, q)))];
  const [left, right] = span(a[0], b[0], W), [top, bottom] = span(a[1], b[1], H);
  if (left > right) return;
  for (let y = top; y <= bottom; y++) ids.fill(id, y * W + left, y * W + right + 1);
}

/** The inside of a closed polygon by the even-odd rule, sampled at pixel centres. */
function fillPolygon(ids, W, H, points, id) {
  for (let y = 0; y < H; y++) {
    const crossings = [];
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [xi, yi] = points[i], [xj, yj] = points[j], c = y + 0.5;
      if (yi > c !== yj > c) crossings.push(xi + ((c - yi) / (yj - yi)) * (xj - xi));
    }
    crossings.sort((p, q) => p - q);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const left = Math.max(0, Math.ceil(crossings[i] - 0.5)), right = Math.min(W - 1, Math.floor(crossings[i + 1] - 0.5));
      if (left <= right) ids.fill(id, y * W + left, y * W + right + 1);
    }
  }
}

/** Ids -> "W,H;base64(zlib(ids))", the form of semflow_core.request.pack_labels. */
async function packLabels(ids, W, H) {
  const stream = new Blob([ids]).stream().pipeThrough(new CompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return W + ',' + H + ';' + btoa(text);
}

/** The inverse: {ids, W, H}. */
async function unpackLabels(text) {
  const [size, data] = text.split(';');
  const [W, H] = size.split(',').map(Number);
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return { ids: new Uint8Array(await new Response(stream).arrayBuffer()), W, H };
}
