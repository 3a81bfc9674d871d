// Moving, scaling and turning a region: a click lifts the connected region of one class, or the selection, which then
// floats over the layout: what it uncovers is filled, and what lies in front of it stays there (hole.js). `ids` always
// shows the state of affairs; it is one undo step when the region is put down. With symmetry its mirror region, if there
// is one, makes the mirrored movement. While it floats its angle and its size, compared with what it was, are shown.

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
  if (liftAgain(mask, y * W + x)) return;
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
  if (twin) lay(ids, twin.source, twin.mask, twin.box, wholeBox(twinsPlace(put, box, twin.box)), -angle);
  lay(ids, source, mask, box, put, angle);
  if (front) everyPixel(front, (i) => (ids[i] = before[i]));
  redraw();
  showLines();
}

const flipped = ({ x, y, w, h }) => ({ x: W - x - w, y, w, h });

/** Where the region on the other side goes, of which the box is `side`, when the one of `box` goes to `put`. */
function twinsPlace(put, box, side) {
  const there = flipped(side), sx = put.w / box.w, sy = put.h / box.h;
  return flipped(wholeBox({ x: put.x + (there.x - box.x) * sx, y: put.y + (there.y - box.y) * sy, w: there.w * sx, h: there.h * sy }));
}

function lay(into, source, mask, box, to, angle) {
  if (angle) stampTurned(into, source, mask, box, to, angle, W, H);
  else stamp(into, source, mask, box, to, W, H);
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
  const changed = ids.some((v, i) => v !== before[i]);
  if (changed) {
    if (selection) selections.set(before, selection.mask);
    remember(before);
  }
  if (changed || region.angle) rest(region); // a turn too small to be seen counts with the next one
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
