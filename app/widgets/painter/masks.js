// Masks of a selection: Uint8Arrays of W x H ones and zeros. Plain functions, independent of the page.

/** The pixels within r of the mask's. */
function growMask(mask, W, H, r) {
  const out = mask.slice(), reach = Math.ceil(r);
  for (let y = 0; y < H; y++) for (let x = 0; x < W; x++) {
    const i = y * W + x;
    const inner = (x === 0 || mask[i - 1]) && (x === W - 1 || mask[i + 1]) && (y === 0 || mask[i - W]) && (y === H - 1 || mask[i + W]);
    if (!mask[i] || inner) continue; // only the edge reaches further
    for (let v = Math.max(0, y - reach); v <= Math.min(H - 1, y + reach); v++) {
      const half = Math.floor(Math.sqrt(Math.max(0, r * r - (v - y) ** 2)));
      out.fill(1, v * W + Math.max(0, x - half), v * W + Math.min(W - 1, x + half) + 1);
    }
  }
  return out;
}

/** Without the pixels within r of what is outside. The layout's own border is no edge. */
function shrinkMask(mask, W, H, r) {
  return invertMask(growMask(invertMask(mask), W, H, r));
}

function invertMask(mask) {
  return mask.map((inside) => 1 - inside);
}

/** A rounder outline: a pixel is in where at least half of the square within r of it is. */
function smoothMask(mask, W, H, r) {
  const sums = new Uint32Array((W + 1) * (H + 1)); // over the pixels above and to the left
  for (let y = 0; y < H; y++) for (let x = 0, row = 0; x < W; x++) {
    row += mask[y * W + x];
    sums[(y + 1) * (W + 1) + x + 1] = sums[y * (W + 1) + x + 1] + row;
  }
  return mask.map((_, i) => {
    const x = i % W, y = (i - x) / W;
    const left = Math.max(0, x - r), right = Math.min(W, x + r + 1), top = Math.max(0, y - r), bottom = Math.min(H, y + r + 1);
    const at = (v, u) => sums[v * (W + 1) + u];
    const inside = at(bottom, right) - at(top, right) - at(bottom, left) + at(top, left);
    return 2 * inside >= (right - left) * (bottom - top) ? 1 : 0;
  });
}

/** The lines between pixels in and out, as an SVG path. */
function maskOutline(mask, W, H) {
  const at = (x, y) => (x >= 0 && y >= 0 && x < W && y < H ? mask[y * W + x] : 0);
  let path = '';
  for (let y = 0; y <= H; y++) for (let x = 0; x < W; x++) {
    const from = x;
    while (x < W && at(x, y) !== at(x, y - 1)) x++;
    if (x > from) path += `M${from} ${y}H${x}`;
  }
  for (let x = 0; x <= W; x++) for (let y = 0; y < H; y++) {
    const from = y;
    while (y < H && at(x, y) !== at(x - 1, y)) y++;
    if (y > from) path += `M${x} ${from}V${y}`;
  }
  return path;
}

// ---- a cut-out as a text ----------------------------------------------------------------------------

const CUT = 'semflow-region:'; // "semflow-region:W,H;id*count,…;names": runs row by row, OUTSIDE where the mask is not
const OUTSIDE = 255;

function writeCut(ids, mask, W, H, names) {
  const runs = [], own = {};
  mask.forEach((inside, i) => {
    const id = inside ? ids[i] : OUTSIDE, last = runs[runs.length - 1];
    if (inside) own[id] = names.get(id);
    if (last && last[0] === id) last[1]++;
    else runs.push([id, 1]);
  });
  return `${CUT}${W},${H};${runs.map((run) => run.join('*')).join(',')};${JSON.stringify(own)}`;
}

/** The inverse, {ids, W, H}, with the ids of classes of the same names; null where nothing of it is known here. */
function readCut(text, idOf) {
  const [, W, H, runs, table] = /^semflow-region:(\d{1,4}),(\d{1,4});([\d*,]+);(\{.*\})$/.exec(text.trim()) || [];
  if (!runs) return null;
  let names;
  try {
    names = JSON.parse(table);
  } catch {
    return null; // cut off
  }
  const ids = new Uint8Array(W * H);
  let at = 0;
  for (const run of runs.split(',')) {
    const [id, count] = run.split('*').map(Number);
    ids.fill(idOf.get(names[id]) ?? OUTSIDE, at, (at += count));
  }
  return at === ids.length && ids.some((id) => id !== OUTSIDE) ? { ids, W: Number(W), H: Number(H) } : null;
}
