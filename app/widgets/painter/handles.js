// The handles of the floating region: corners and sides scale it, the one above the box turns it, the inside moves it.

const REACH = 9, REACH_OF_A_FINGER = 20; // screen pixels around a handle that take hold of it
const ROOM = 48; // screen pixels between two handles: they do not hide a small region
const NECK = 26; // screen pixels between the box and the handle that turns it
const TURN = Math.PI / 12; // of a button or a key; with Shift the handle keeps to it

const middle = ({ x, y, w, h }) => [x + w / 2, y + h / 2];

/** A point turned about the middle of the floating region's box. */
function turned([x, y], angle) {
  const [cx, cy] = middle(floating.to), cos = Math.cos(angle), sin = Math.sin(angle);
  return [cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy)];
}

/** The box that the handles stand around: larger than a small region. */
function handleBox() {
  const { x, y, w, h } = wholeBox(floating.to), room = ROOM * screenPixel();
  const wide = Math.max(w, room), high = Math.max(h, room);
  return { x: x - (wide - w) / 2, y: y - (high - h) / 2, w: wide, h: high };
}

const isWithin = ([px, py], { x, y, w, h }) => px >= x && px < x + w && py >= y && py < y + h;

/** The corners of that box, as they lie. */
function regionCorners() {
  const { x, y, w, h } = handleBox();
  return [[x, y], [x + w, y], [x + w, y + h], [x, y + h]].map((p) => turned(p, floating.angle));
}

/** The corners, and the middles of the sides where the region is not small. */
function regionHandles() {
  const { x, y, w, h } = handleBox(), all = [];
  const shares = Math.max(w, h) > ROOM * screenPixel() ? [0, 0.5, 1] : [0, 1];
  for (const gx of shares) for (const gy of shares) {
    if (gx !== 0.5 || gy !== 0.5) all.push({ gx, gy, at: turned([x + gx * w, y + gy * h], floating.angle) });
  }
  return all;
}

/** The handle that turns it: above the box, or below it where there is no room. */
function turnHandle() {
  const { x, y, w, h } = handleBox(), neck = NECK * screenPixel();
  const at = turned([x + w / 2, y - neck], floating.angle);
  return idAt(at) === null ? turned([x + w / 2, y + h + neck], floating.angle) : at;
}

/** What a press at a point holds: a handle, the region itself, or nothing. */
function gripAt(at, reach) {
  const near = ({ at: p }) => Math.hypot(p[0] - at[0], p[1] - at[1]);
  const { angle } = floating;
  if (near({ at: turnHandle() }) <= reach) return { turns: true, from: at, angle, box: { ...floating.to } };
  const closest = regionHandles().sort((a, b) => near(a) - near(b))[0];
  const { w, h } = floating.to, straight = turned(at, -angle);
  const inside = isWithin(straight, floating.to);
  // a small region must stay movable between its handles
  const small = Math.min(w, h) < 3 * reach && inside ? Math.min(w, h) / 4 : reach;
  if (near(closest) <= Math.min(reach, small)) return { ...closest, from: at, box: { ...floating.to } };
  return inside || isWithin(straight, handleBox()) ? { from: at, box: { ...floating.to } } : null;
}

/** Corners keep the proportions, sides stretch; the opposite corner or side holds still. */
function dragRegion(at, whole = false) {
  const { box, from, gx, gy, turns, angle: start } = floating.grip;
  if (turns) {
    const [cx, cy] = middle(floating.to), direction = ([x, y]) => Math.atan2(y - cy, x - cx);
    const angle = start + direction(at) - direction(from);
    floating.angle = floating.onAxis ? 0 : whole ? TURN * Math.round(angle / TURN) : angle;
    return compose();
  }
  const cos = Math.cos(floating.angle), sin = Math.sin(floating.angle), along = gx === undefined ? [1, 0] : [cos, sin];
  const dx = along[0] * (at[0] - from[0]) + along[1] * (at[1] - from[1]);
  const dy = along[0] * (at[1] - from[1]) - along[1] * (at[0] - from[0]);
  if (gx === undefined) {
    floating.to = { ...box, x: floating.onAxis ? box.x : box.x + dx, y: box.y + dy };
  } else {
    let sx = 1 + (gx === 0.5 ? 0 : ((gx ? 1 : -1) * dx) / box.w), sy = 1 + (gy === 0.5 ? 0 : ((gy ? 1 : -1) * dy) / box.h);
    if (gx !== 0.5 && gy !== 0.5) sx = sy = Math.max(sx, sy);
    const w = Math.max(1, box.w * sx), h = Math.max(1, box.h * sy);
    floating.to = { x: box.x + (1 - gx) * (box.w - w), y: box.y + (1 - gy) * (box.h - h), w, h };
    // the box turns about its middle, which has moved: without this the corner that holds still would not
    const [mx, my] = [0, 1].map((i) => middle(floating.to)[i] - middle(box)[i]);
    floating.to.x += cos * mx - sin * my - mx;
    floating.to.y += sin * mx + cos * my - my;
    if (floating.onAxis) floating.to.x = box.x + (box.w - w) / 2;
  }
  compose();
}
