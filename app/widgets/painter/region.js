// Moving and scaling a region: a click lifts the connected region of one class, which then floats over the layout
// with what it uncovers closed from around it. `ids` always shows the state of affairs; it is one undo step
// when the region is put down. With symmetry its mirror region, if there is one, makes the mirrored movement.

const REACH = 9, REACH_OF_A_FINGER = 20; // screen pixels around a handle that take hold of it

// {before, under, mask, box, to, twin, grip}: `box` is where the mask lies in `before`, `to` where it goes, under:
// the layout without it, twin: {mask, box} on the other side or null, grip: what the pointer holds
let floating = null;

function wholeBox({ x, y, w, h }) {
  const left = Math.round(x), top = Math.round(y);
  return { x: left, y: top, w: Math.max(1, Math.round(x + w) - left), h: Math.max(1, Math.round(y + h) - top) };
}

function lift(at) {
  const id = idAt(at);
  if (id === null) return;
  const x = Math.floor(at[0]), y = Math.floor(at[1]);
  const mask = regionMask(ids, W, H, x, y);
  if (mask.every((inside) => inside)) return; // nothing around it that could fill its place
  const box = maskBox(mask, W), hole = mask.slice();
  let twin = null;
  const onAxis = symmetry && mask[y * W + W - 1 - x] === 1;
  if (symmetry && !onAxis && idAt([W - 1 - x, y]) === mirrorOf[id]) {
    twin = { mask: regionMask(ids, W, H, W - 1 - x, y) };
    twin.box = maskBox(twin.mask, W);
    twin.mask.forEach((inside, i) => inside && (hole[i] = 1));
  }
  floating = { before: ids, under: closeHole(ids, hole, W, H), mask, box, to: { ...box }, twin, onAxis, grip: null };
  ids = ids.slice();
  showRegion();
}

function showRegion() {
  showHistory();
  showOptions();
  showLines();
}

/** Lay the floating region over what is under it. */
function compose() {
  const { before, under: base, mask, box, to, twin } = floating;
  ids = base.slice();
  const put = wholeBox(to);
  if (twin) {
    const flip = (b) => ({ ...b, x: W - b.x - b.w });
    const side = flip(twin.box), sx = put.w / box.w, sy = put.h / box.h;
    const there = { x: put.x + (side.x - box.x) * sx, y: put.y + (side.y - box.y) * sy, w: side.w * sx, h: side.h * sy };
    stamp(ids, before, twin.mask, twin.box, flip(wholeBox(there)), W, H);
  }
  stamp(ids, before, mask, box, put, W, H);
  redraw();
  showLines();
}

function regionHandles() {
  const { x, y, w, h } = wholeBox(floating.to), all = [];
  for (const gx of [0, 0.5, 1]) for (const gy of [0, 0.5, 1]) {
    if (gx !== 0.5 || gy !== 0.5) all.push({ gx, gy, at: [x + gx * w, y + gy * h] });
  }
  return all;
}

/** What a press at a point holds: a handle, the region itself, or nothing. */
function gripAt(at, reach) {
  const near = ({ at: p }) => Math.hypot(p[0] - at[0], p[1] - at[1]);
  const closest = regionHandles().sort((a, b) => near(a) - near(b))[0];
  const { x, y, w, h } = floating.to;
  const inside = at[0] >= x && at[0] < x + w && at[1] >= y && at[1] < y + h;
  // a small region must stay movable between its handles
  const small = Math.min(w, h) < 3 * reach && inside ? Math.min(w, h) / 4 : reach;
  if (near(closest) <= Math.min(reach, small)) return { ...closest, from: at, box: { ...floating.to } };
  return inside ? { from: at, box: { ...floating.to } } : null;
}

/** Corners keep the proportions, sides stretch; the opposite corner or side holds still. */
function dragRegion(at) {
  const { box, from, gx, gy } = floating.grip;
  const dx = at[0] - from[0], dy = at[1] - from[1];
  if (gx === undefined) {
    floating.to = { ...box, x: floating.onAxis ? box.x : box.x + dx, y: box.y + dy };
  } else {
    let sx = 1 + (gx === 0.5 ? 0 : ((gx ? 1 : -1) * dx) / box.w), sy = 1 + (gy === 0.5 ? 0 : ((gy ? 1 : -1) * dy) / box.h);
    if (gx !== 0.5 && gy !== 0.5) sx = sy = Math.max(sx, sy);
    const w = Math.max(1, box.w * sx), h = Math.max(1, box.h * sy);
    floating.to = { x: box.x + (1 - gx) * (box.w - w), y: box.y + (1 - gy) * (box.h - h), w, h };
    if (floating.onAxis) floating.to.x = box.x + (box.w - w) / 2;
  }
  compose();
}

function scaleRegion(factor) {
  const { x, y, w, h } = floating.to;
  const by = Math.max(factor, 1 / w, 1 / h);
  if (Math.max(w, h) * by > 2 * Math.max(W, H)) return;
  floating.to = { x: x + (w * (1 - by)) / 2, y: y + (h * (1 - by)) / 2, w: w * by, h: h * by };
  compose();
  send();
}

function nudgeRegion(dx, dy) {
  const to = wholeBox(floating.to);
  floating.to = { ...to, x: to.x + (floating.onAxis ? 0 : dx), y: to.y + dy };
  compose();
  send();
}

/** Put the region down where it is: one undo step, not sent. */
function keepRegion() {
  if (!floating) return;
  const { before } = floating;
  floating = null;
  if (ids.some((v, i) => v !== before[i])) remember(before);
  showRegion();
}

function putDown() {
  keepRegion();
  send();
}

/** As if it had never been lifted. */
function dropRegion() {
  ids = floating.before;
  floating = null;
  redraw();
  showRegion();
  send();
}
