// Shapes in a label map of W x H pixels, row by row: plain functions, independent of the page.
// A shape is given as spans, span(y, left, right) with both ends included, so that the caller decides what
// painting means (symmetry, say). A pixel is in or out by its centre: nothing is ever anti-aliased.

/** Spans of the rows top..bottom of a convex shape given by its test of a pixel's centre. */
function convexSpans(left, right, top, bottom, inside, span) {
  for (let y = top; y <= bottom; y++) {
    let first = left, last = right;
    while (first <= right && !inside(first + 0.5, y + 0.5)) first++;
    while (last >= first && !inside(last + 0.5, y + 0.5)) last--;
    if (first <= last) span(y, first, last);
  }
}

function brushBounds(W, H, [x0, y0], [x1, y1], r) {
  return [
    Math.max(0, Math.floor(Math.min(x0, x1) - r)), Math.min(W - 1, Math.ceil(Math.max(x0, x1) + r)),
    Math.max(0, Math.floor(Math.min(y0, y1) - r)), Math.min(H - 1, Math.ceil(Math.max(y0, y1) + r)),
  ];
}

/** A round brush of radius r dragged from a to b: every pixel within r of the segment. */
function roundStroke(W, H, a, b, r, span) {
  const dx = b[0] - a[0], dy = b[1] - a[1], length2 = dx * dx + dy * dy;
  const inside = (x, y) => {
    const px = x - a[0], py = y - a[1];
    const s = length2 ? Math.min(1, Math.max(0, (px * dx + py * dy) / length2)) : 0;
    const ex = px - s * dx, ey = py - s * dy;
    return ex * ex + ey * ey <= r * r;
  };
  convexSpans(...brushBounds(W, H, a, b, r), inside, span);
}

/** A square brush of side 2r dragged from a to b: some point of the way is within r in both directions. */
function squareStroke(W, H, a, b, r, span) {
  // where on the way (0..1) the square covers p in one direction: |p - s d| <= r
  const reach = (p, d) => {
    if (!d) return Math.abs(p) <= r ? [0, 1] : [1, 0];
    const ends = [(p - r) / d, (p + r) / d];
    return [Math.max(0, Math.min(...ends)), Math.min(1, Math.max(...ends))];
  };
  const inside = (x, y) => {
    const [fromX, toX] = reach(x - a[0], b[0] - a[0]), [fromY, toY] = reach(y - a[1], b[1] - a[1]);
    return Math.max(fromX, fromY) <= Math.min(toX, toY);
  };
  convexSpans(...brushBounds(W, H, a, b, r), inside, span);
}

/** The pixels that two corners, both included, span: {left, right, top, bottom}, not clipped. */
function cornersBox(a, b) {
  const [left, right] = [a[0], b[0]].map(Math.floor).sort((p, q) => p - q);
  const [top, bottom] = [a[1], b[1]].map(Math.floor).sort((p, q) => p - q);
  return { left, right, top, bottom };
}

function rectangle(W, H, a, b, span) {
  const { left, right, top, bottom } = cornersBox(a, b);
  const from = Math.max(0, left), to = Math.min(W - 1, right);
  if (from > to) return;
  for (let y = Math.max(0, top); y <= Math.min(H - 1, bottom); y++) span(y, from, to);
}

/** The ellipse that touches the sides of the box of two corners. */
function ellipse(W, H, a, b, span) {
  const { left, right, top, bottom } = cornersBox(a, b);
  const cx = (left + right + 1) / 2, cy = (top + bottom + 1) / 2;
  const rx = (right - left + 1) / 2, ry = (bottom - top + 1) / 2;
  for (let y = Math.max(0, top); y <= Math.min(H - 1, bottom); y++) {
    const half = rx * Math.sqrt(1 - ((y + 0.5 - cy) / ry) ** 2);
    const from = Math.max(0, Math.ceil(cx - half - 0.5)), to = Math.min(W - 1, Math.floor(cx + half - 0.5));
    if (from <= to) span(y, from, to);
  }
}

/** The inside of a closed polygon by the even-odd rule. */
function polygon(W, H, points, span) {
  for (let y = 0; y < H; y++) {
    const crossings = [];
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [xi, yi] = points[i], [xj, yj] = points[j], c = y + 0.5;
      if (yi > c !== yj > c) crossings.push(xi + ((c - yi) / (yj - yi)) * (xj - xi));
    }
    crossings.sort((p, q) => p - q);
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const from = Math.max(0, Math.ceil(crossings[i] - 0.5));
      const to = Math.min(W - 1, Math.ceil(crossings[i + 1] - 0.5) - 1); // half-open: neighbours share no pixel
      if (from <= to) span(y, from, to);
    }
  }
}

/** The 4-connected region of one class around (x, y): a mask of ones and zeros. */
function regionMask(ids, W, H, x, y) {
  const mask = new Uint8Array(W * H), from = ids[y * W + x];
  const open = (i) => ids[i] === from && !mask[i];
  const stack = [[x, y]];
  while (stack.length) {
    let [left, row] = stack.pop();
    const at = row * W;
    if (!open(at + left)) continue;
    let right = left;
    while (left > 0 && open(at + left - 1)) left--;
    while (right < W - 1 && open(at + right + 1)) right++;
    mask.fill(1, at + left, at + right + 1);
    for (const next of [row - 1, row + 1]) {
      if (next < 0 || next >= H) continue;
      for (let i = left; i <= right; i++) {
        // one seed per run is enough: the span that it starts covers the rest
        if (open(next * W + i) && (i === left || !open(next * W + i - 1))) stack.push([i, next]);
      }
    }
  }
  return mask;
}

/** The smallest box around a mask's ones, {x, y, w, h}; the mask has at least one. */
function maskBox(mask, W) {
  let left = W, right = 0, top = Infinity, bottom = 0;
  mask.forEach((inside, i) => {
    if (!inside) return;
    const x = i % W, y = (i - x) / W;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y);
  });
  return { x: left, y: top, w: right - left + 1, h: bottom - top + 1 };
}

/** As `stamp`, turned by an angle (radians, clockwise) about the middle of `to`. */
function stampTurned(ids, source, mask, box, to, angle, W, H) {
  const cx = to.x + to.w / 2, cy = to.y + to.h / 2, cos = Math.cos(angle), sin = Math.sin(angle);
  const rx = (Math.abs(cos) * to.w + Math.abs(sin) * to.h) / 2, ry = (Math.abs(sin) * to.w + Math.abs(cos) * to.h) / 2;
  for (let y = Math.max(0, Math.floor(cy - ry)); y < Math.min(H, Math.ceil(cy + ry)); y++) {
    for (let x = Math.max(0, Math.floor(cx - rx)); x < Math.min(W, Math.ceil(cx + rx)); x++) {
      const px = x + 0.5 - cx, py = y + 0.5 - cy; // back to the box as it lay
      const column = Math.floor((cos * px + sin * py + to.w / 2) * (box.w / to.w));
      const row = Math.floor((cos * py - sin * px + to.h / 2) * (box.h / to.h));
      if (column < 0 || row < 0 || column >= box.w || row >= box.h) continue;
      const i = (box.y + row) * W + box.x + column;
      if (mask[i]) ids[y * W + x] = source[i];
    }
  }
}

/** Copy the masked pixels of `source`, which lie in `box`, into `ids`, moved and scaled to the box `to` (whole pixels). */
function stamp(ids, source, mask, box, to, W, H) {
  for (let y = Math.max(0, to.y); y < Math.min(H, to.y + to.h); y++) {
    const row = (box.y + Math.floor(((y + 0.5 - to.y) * box.h) / to.h)) * W;
    for (let x = Math.max(0, to.x); x < Math.min(W, to.x + to.w); x++) {
      const i = row + box.x + Math.floor(((x + 0.5 - to.x) * box.w) / to.w);
      if (mask[i]) ids[y * W + x] = source[i];
    }
  }
}
