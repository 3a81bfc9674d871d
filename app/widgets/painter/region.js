// Moving, scaling and turning a region: a click lifts the connected region of one class, or the selection, which then
// floats over the layout: what it uncovers is filled, and what lies in front of it stays there (hole.js). `ids` always
// shows the state of affairs; it is one undo step when the region is put down. With symmetry its mirror region, if there
// is one, makes the mirrored movement. While it floats its angle and its size, compared with what it was, are shown.

const REACH = 9, REACH_OF_A_FINGER = 20; // screen pixels around a handle that take hold of it

const ROOM = 48; // screen pixels between two handles: they do not hide a small region
const NECK = 26; // screen pixels between the box and the handle that turns it
const TURN = Math.PI / 12; // of a button or a key; with Shift the handle keeps to it

// {before, under, front, source, mask, box, to, angle, twin, grip, selection}: `box` is where the mask lies in `source`, `to` where it
// goes before it is turned by `angle` about its middle, under: the layout without it, front: mask of what stays in front
// of it, before: the layout that comes back when it is left, twin: {source, mask, box} on the other side or null, grip:
// what the pointer holds, selection: {mask, tool} that it was lifted from, or null
let floating = null;

const isPaired = (id) => mirrorOf[id] !== id;
const isBehind = (id) => Boolean(props.behind?.includes(id));

/** A mask of `source` floats over `under`, behind what is in `front`; it goes on behind what it has `enclosed`. */
function float(mask, under, source = ids, front = null, enclosed = null) {
  const whole = enclosed ? goOnBehind(source, mask, enclosed, W, H) : { source, mask }, box = maskBox(whole.mask, W);
  floating = { ...whole, before: ids, under, front, box, to: { ...box }, angle: 0, twin: null, onAxis: false, grip: null, selection: null };
  ids = ids.slice();
  showRegion();
}

function wholeBox({ x, y, w, h }) {
  const left = Math.round(x), top = Math.round(y);
  return { x: left, y: top, w: Math.max(1, Math.round(x + w) - left), h: Math.max(1, Math.round(y + h) - top) };
}

function lift(at) {
  const id = idAt(at);
  if (id === null) return;
  const x = Math.floor(at[0]), y = Math.floor(at[1]);
  const mask = regionAt(x, y);
  if (mask.every((inside) => inside)) return; // nothing around it that could fill its place
  if (!symmetry && liftAgain(mask)) return;
  const hole = mask.slice();
  let other = null;
  const onAxis = symmetry && mask[y * W + W - 1 - x] === 1;
  if (symmetry && !onAxis && idAt([W - 1 - x, y]) === mirrorOf[id]) {
    other = regionMask(ids, W, H, W - 1 - x, y);
    other.forEach((inside, i) => inside && (hole[i] = 1));
  }
  const { ids: under, enclosed, front } = takeAway(ids, hole, W, H, props.background, isPaired, isBehind);
  const twin = other && goOnBehind(ids, other, enclosed, W, H);
  if (twin) twin.box = maskBox(twin.mask, W);
  float(mask, under, ids, front, enclosed);
  Object.assign(floating, { twin, onAxis });
}

function showRegion() {
  showHistory();
  showOptions();
  showLines();
}

/** Lay the floating region over what is under it, and what is in front over both. */
function compose() {
  const { source, under: base, mask, box, to, twin, angle, front, before } = floating;
  ids = base.slice();
  const put = wholeBox(to);
  if (twin) {
    const flip = (b) => ({ ...b, x: W - b.x - b.w });
    const side = flip(twin.box), sx = put.w / box.w, sy = put.h / box.h;
    const there = { x: put.x + (side.x - box.x) * sx, y: put.y + (side.y - box.y) * sy, w: side.w * sx, h: side.h * sy };
    lay(ids, twin.source, twin.mask, twin.box, flip(wholeBox(there)), -angle);
  }
  lay(ids, source, mask, box, put, angle);
  if (front) everyPixel(front, (i) => (ids[i] = before[i]));
  redraw();
  showLines();
}

function lay(into, source, mask, box, to, angle) {
  if (angle) stampTurned(into, source, mask, box, to, angle, W, H);
  else stamp(into, source, mask, box, to, W, H);
}

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

function scaleRegion(factor) {
  const { x, y, w, h } = floating.to;
  const by = Math.max(factor, 1 / w, 1 / h);
  if (Math.max(w, h) * by > 2 * Math.max(W, H)) return;
  floating.to = { x: x + (w * (1 - by)) / 2, y: y + (h * (1 - by)) / 2, w: w * by, h: h * by };
  compose();
  send();
  sayAmount();
}

function turnRegion(by) {
  if (floating.onAxis) return; // it would lose its symmetry
  floating.angle += by;
  compose();
  send();
  sayAmount();
}

/** By how much the floating region is turned and scaled: "15°", "120 %", "15° · 120 × 100 %"; "" where it is not. */
function amountText() {
  const { angle, box, to, grip } = floating, wide = to.w / box.w, high = to.h / box.h, texts = [];
  const degrees = Math.round((180 * Math.atan2(Math.sin(angle), Math.cos(angle))) / Math.PI);
  const turns = grip && grip.turns, scales = grip && grip.gx !== undefined, share = (factor) => Math.round(100 * factor);
  if (degrees || turns) texts.push(`${degrees < 0 ? '−' : ''}${Math.abs(degrees)}°`);
  if (scales || wide !== 1 || high !== 1) {
    texts.push(Math.abs(wide - high) < 0.005 ? `${share(wide)} %` : `${share(wide)} × ${share(high)} %`);
  }
  return texts.join(' · ');
}

/** Beside the region, below its handles. */
function showAmount() {
  const line = find('.amount'), text = floating ? amountText() : '';
  if (line.textContent !== text) line.textContent = text;
  if (!text) return;
  const points = [...regionCorners(), ...(floating.onAxis ? [] : [turnHandle()])], gap = 12;
  const wide = stage.clientWidth, high = stage.clientHeight;
  const left = (middle(floating.to)[0] / W - originX) * zoom * wide - line.offsetWidth / 2;
  const top = (Math.max(...points.map(([, y]) => y)) / H - originY) * zoom * high + gap;
  line.style.left = Math.max(gap, Math.min(wide - gap - line.offsetWidth, left)) + 'px';
  line.style.top = Math.max(gap, Math.min(high - gap - line.offsetHeight, top)) + 'px';
}

/** For who does not see it. */
function sayAmount() {
  sayLater(amountText() || 'As it was');
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
  const region = floating, { before, selection } = region;
  floating = null;
  if (ids.some((v, i) => v !== before[i])) {
    if (selection) selections.set(before, selection.mask);
    remember(before);
    rest(region);
  }
  showRegion();
}

function putDown() {
  keepRegion();
  send();
}

/** It is where it should be: what was selected is selected here, and the tool is the one from which it was lifted. */
function finishRegion() {
  const { selection, before } = floating;
  putDown();
  if (!selection) return;
  useTool(selection.tool);
  setSelected(ids.every((id, i) => id === before[i]) ? selection.mask : (resting?.shown.slice() ?? null));
}

/** As if it had never been lifted. */
function dropRegion() {
  const { before, selection } = floating;
  ids = before;
  floating = null;
  redraw();
  showRegion();
  send();
  if (!selection) return;
  useTool(selection.tool);
  setSelected(selection.mask);
}
