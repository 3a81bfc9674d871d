// The layout: `ids` is the only truth. The canvas shows it and is never read back, so every pixel is exactly
// one class whatever the screen's pixel ratio. Here: showing it, its history, and its way to Python and back.

const UNDO_DEPTH = 100;
const find = (selector) => element.querySelector(selector);
const stage = find('.stage'), canvas = find('canvas.ids'), context = canvas.getContext('2d');

let W = 0, H = 0, ids = new Uint8Array(0), pixels = null; // pixels: ImageData of the canvas
const colors = new Uint32Array(256); // class id -> RGBA
let undo = [], redo = [];
const histories = new Map(); // model -> {W, H, ids, undo, redo} of its layout, while the canvas shows another
let shownModel = ''; // whose layout it is, '' for a photo that is labelled
let photoNumber = ''; // whose layout it is: the number of a photo that is labelled, '' for a model's
let isOutdated = true; // nothing from Python is shown yet, or its classes were others: what comes starts a new history
let landing = 0; // number of what landed here, with all that was painted on it since
let landingSent = 0; // the one that Python knows of
const landings = new WeakMap(); // layout of the history -> its landing's number
const asides = new WeakSet(); // layouts of the history whose step changed nothing of the layout
const selections = new WeakMap(); // layout of the history whose step was done with a selection -> the selection, or null
let asidesTaken = props.asides; // of the steps that Python has added
let version = 0, loads = 0, frame = 0;

function draw() {
  frame = 0;
  const out = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < ids.length; i++) out[i] = colors[ids[i]];
  context.putImageData(pixels, 0, 0);
}

function redraw() {
  named.ids = null; // the region under the pointer may be another
  if (!frame) frame = requestAnimationFrame(draw); // at most once per screen frame
}

function resize(width, height) {
  W = canvas.width = width;
  H = canvas.height = height;
  pixels = context.createImageData(W, H);
  stage.style.aspectRatio = W + ' / ' + H;
  dropSelection();
  dropPolygon();
  fit();
}

function idAt([x, y]) {
  return x >= 0 && y >= 0 && x < W && y < H ? ids[Math.floor(y) * W + Math.floor(x)] : null;
}

// ---- history ---------------------------------------------------------------------------------------

function remember(before) {
  landings.set(before, landing);
  undo.push(before);
  if (undo.length > UNDO_DEPTH) undo.shift();
  redo = [];
  showHistory();
}

/** Something outside of the layout changes with this step. */
function rememberAside() {
  const before = ids.slice();
  asides.add(before);
  remember(before);
  tellKeeper();
}

/** Python has changed something outside of the layout. */
function takeAside() {
  if (props.asides === asidesTaken) return;
  const more = Math.max(1, props.asides - asidesTaken); // a server that was started again counts from 0
  asidesTaken = props.asides;
  for (let i = 0; i < more; i++) rememberAside();
}

function showHistory() {
  find('[data-do=undo]').disabled = !undo.length && !floating && !corners.length;
  find('[data-do=redo]').disabled = !redo.length;
}

/** A stroke is finished: one undo step if it changed anything. */
function finish(before) {
  redraw();
  if (ids.some((v, i) => v !== before[i])) remember(before);
  send(); // even if nothing changed: 'begin' may have stopped a picture on its way
}

function step(from, to) {
  if (stroke) return heldByKeys() && to === redo ? release('cancel') : undefined;
  if (corners.length && to === redo) return dropCorner(); // what is under way is undone first
  if (floating) return dropRegion();
  if (!from.length) return;
  landings.set(ids, landing);
  if (asides.has(from[from.length - 1])) {
    asides.add(ids);
    to.push(ids);
    from.pop();
    ids = ids.slice();
    showHistory();
    tellKeeper();
    return document.dispatchEvent(new CustomEvent('semflow:region', { detail: { act: from === undo ? 'undo' : 'redo' } }));
  }
  to.push(ids);
  const there = from.pop();
  const before = landing;
  landing = landings.get(there) ?? landing;
  const selects = selections.has(there);
  if (selects) selections.set(ids, selected);
  ids = there.slice(); // brushes change it in place, and what is in the history never changes
  trigger('begin');
  showHistory();
  redraw();
  send();
  if (selects) setSelected(selections.get(there));
  else if (landing !== before) dropSelection(); // it is of another picture
}

/** Another whole layout: an undo step, unless its size is another, which starts a new history. */
function replace(picture) {
  keepRegion();
  forgetResting();
  dropSelection();
  if (picture.W !== W || picture.H !== H) return startHistory(picture);
  remember(ids);
  ids = picture.ids.slice();
  redraw();
}

function startHistory(picture) {
  forgetResting();
  resize(picture.W, picture.H);
  undo = [];
  redo = [];
  showHistory();
  ids = picture.ids.slice();
  redraw();
}

/** A layout that is no step from the one here: another photo's, or one of other classes. What is under way ends. */
function showAnother(picture) {
  if (floating) keepRegion();
  version++; // what is on its way to Python was the layout before
  if (shownModel) histories.set(shownModel, { W, H, ids, undo, redo });
  photoNumber = picture.number;
  shownModel = photoNumber ? '' : props.model;
  isOutdated = false;
  startHistory(picture);
  const left = histories.get(shownModel);
  if (!left || !isSame(left, picture)) return;
  ({ undo, redo } = left); // as it was left
  showHistory();
}

function clear() {
  trigger('begin');
  replace({ ids: new Uint8Array(W * H).fill(props.background), W, H });
  send();
}

// ---- to Python and back ----------------------------------------------------------------------------

/** The canvas of a photo that is labelled, for a page that is loaded anew (web/set.js). */
const keepSheet = (packed) => document.dispatchEvent(new CustomEvent('semflow:sheet', { detail: packed }));

let packing = Promise.resolve(); // the last stroke on its way into the value
const waiting = []; // what goes on when the stroke under way has ended

/** When nothing is under way, and the last stroke is in the value. */
function settle() {
  return stroke ? new Promise((done) => waiting.push(done)).then(settle) : packing;
}

function send() {
  packing = sendNow();
}

async function sendNow() {
  tellKeeper();
  const mine = ++version;
  if (!W) return;
  const packed = await packLabels(ids, W, H, photoNumber, landing);
  if (mine !== version) return; // a newer state is on its way
  if (isOutdated || numberOf(props.value) !== photoNumber) return; // another photo is on its way here
  props.value = packed;
  if (photoNumber) keepSheet(packed);
  if (landing !== landingSent) {
    landingSent = props.landing = landing;
    trigger('another');
  }
  trigger('input');
}

async function load() {
  if (!props.value) return;
  const mine = ++loads, before = ++version;
  const picture = await unpackLabels(props.value).catch(() => null);
  if (mine !== loads) return;
  if (!picture) return say('The layout that came is damaged; the canvas stays as it is.');
  landingSent = props.landing;
  const isAnother = isOutdated || picture.number !== photoNumber;
  if (!isAnother && (before !== version || stroke)) return; // a stroke under way is sent when it ends, and wins
  if (stroke) release('cancel');
  if (isKept(picture)) return showKept();
  if (isAnother) {
    showAnother(picture);
  } else if (floating || !isSame(picture, { W, H, ids })) {
    replace(picture);
  } else {
    landing = props.landing;
    return; // no step that could be undone
  }
  if (photoNumber) keepSheet(''); // the server has this one
  landing = props.landing;
  useClassesOf(picture.ids);
  tellKeeper();
}
