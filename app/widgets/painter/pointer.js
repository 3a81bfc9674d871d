// Who gets a pointer: one finger, the pen or the left button goes to the tool; two fingers, the middle button or
// the left one with Space held move the view. Devices do not always say how a pointer ends: see endLostPointers.

const KEPT = 12; // screen pixels: a stroke longer than this is kept when a second finger lands, a shorter one was the pinch's
const PALM = 1000; // milliseconds: what a hand has drawn when its pen comes so soon was no stroke
const NEAR = 500; // milliseconds after the pen was last seen in which a touch is the hand that holds it
const FORGOTTEN = 5000; // milliseconds of silence after which a finger that never came up is taken for gone
const ERASER = 5, ERASER_DOWN = 32; // a pen's eraser end, in `button` and in `buttons`
const touches = new Map(); // fingers on the canvas: pointer id -> their last event
let held = null; // the pointer that the tool follows: {id, start, far, buttons, tool}
let pan = null; // the pointer that drags the view: {id, last, buttons}
let pinch = null; // {distance, middle} of two fingers; lives until the last finger is up
let spaceHeld = false;
let penSeen = -Infinity; // when the pen was last over the canvas

function pointerDown(event) {
  canvas.focus({ preventScroll: true });
  leaveCursor(place(event)); // also if the focus has just shown it
  endLostPointers(event);
  if (event.pointerType === 'pen') putPenFirst(event);
  if (event.pointerType === 'touch') {
    if (isHandOfPen(event)) return;
    touches.set(event.pointerId, event);
    if (touches.size === 2 && !pan) {
      abandon();
      pinch = measure();
    }
    if (touches.size > 1) return;
  }
  const erases = event.pointerType === 'pen' && (event.button === ERASER || (event.buttons & ERASER_DOWN) > 0);
  if (held || pan || pinch || (event.button > 1 && !erases)) return;
  event.preventDefault(); // no text selection, no automatic scrolling with the middle button
  canvas.setPointerCapture(event.pointerId);
  if (event.button === 1 || spaceHeld) {
    pan = { id: event.pointerId, last: onStage(event), buttons: event.buttons };
    stage.classList.add('panning');
    return;
  }
  toolDown(event, erases);
  hoverAt(event);
}

function toolDown(event, erases = false) {
  if (erases && floating) putDown();
  erasing = erases;
  const chosen = erases ? dab : event.altKey && tool !== 'select' ? pick : TOOLS[tool];
  if (![select, pick, mover].includes(chosen)) dropSelection();
  if (BEGINS.includes(chosen)) trigger('begin');
  chosen.down(event, place(event));
  if (stroke) held = { id: event.pointerId, start: event, far: 0, buttons: event.buttons, tool: chosen };
}

// ---- pointers that end without a word ---------------------------------------------------------------

/** A pointer goes down, or moves with its button up: what an earlier one has left open is finished. */
function endLostPointers(event) {
  const isUp = ({ id, buttons }) => id === event.pointerId && (event.type === 'pointerdown' || (buttons && !(event.buttons & buttons)));
  if (held && isUp(held)) release('up');
  if (pan && isUp(pan)) endPan();
  if (event.type !== 'pointerdown' || event.pointerType !== 'touch') return;
  for (const [id, last] of touches) {
    // the first of several fingers is the primary one: no other is down
    if (id !== event.pointerId && !event.isPrimary && event.timeStamp - last.timeStamp < FORGOTTEN) continue;
    touches.delete(id);
    if (held && held.id === id) release('up');
    if (pan && pan.id === id) endPan();
  }
  if (!touches.size) pinch = null;
}

/** The pen takes over from the hand that came to rest before it. */
function putPenFirst(event) {
  penSeen = event.timeStamp;
  if (held && held.start.pointerType === 'touch') {
    release(held.far > KEPT && event.timeStamp - held.start.timeStamp > PALM ? 'up' : 'cancel');
  }
  if (pan && touches.has(pan.id)) endPan();
  touches.clear();
  pinch = null;
}

function isHandOfPen(event) {
  return (held && held.start.pointerType === 'pen') || event.timeStamp - penSeen < NEAR;
}

function endPan() {
  pan = null;
  stage.classList.remove('panning');
}

// ---- moving and ending ------------------------------------------------------------------------------

function pointerMove(event) {
  if (event.pointerType === 'pen') penSeen = event.timeStamp;
  endLostPointers(event);
  if (touches.has(event.pointerId)) touches.set(event.pointerId, event);
  if (pinch) return movePinch();
  if (pan && event.pointerId === pan.id) {
    const [x, y] = onStage(event);
    setView(zoom, originX - (x - pan.last[0]) / zoom, originY - (y - pan.last[1]) / zoom);
    pan.last = [x, y];
    return;
  }
  if (held && event.pointerId !== held.id) return;
  leaveCursor(place(event));
  if (held) {
    held.far = Math.max(held.far, Math.hypot(event.clientX - held.start.clientX, event.clientY - held.start.clientY));
    if (held.tool.move) held.tool.move(event, place(event));
  }
  hoverAt(event);
}

/** A pointer is up, or the browser has taken it away: `how` is up or cancel. */
function pointerUp(event, how = 'up') {
  touches.delete(event.pointerId);
  if (pinch && !touches.size) pinch = null;
  if (pan && event.pointerId === pan.id) endPan();
  if (held && event.pointerId === held.id) release(how);
}

/** The browser takes a pointer away: what it has drawn is undone. A stroke that was meant is one Redo away. */
function pointerCancel(event) {
  const isMeant = held && held.id === event.pointerId && DRAWN.includes(held.tool) && held.far > KEPT;
  const newest = undo[undo.length - 1];
  pointerUp(event, isMeant ? 'up' : 'cancel');
  if (isMeant && undo[undo.length - 1] !== newest) step(undo, redo);
}

function release(how) {
  const { tool: follower } = held;
  held = null;
  if (how === 'cancel' && follower.cancel) {
    follower.cancel();
  } else if (how === 'cancel') {
    ids.set(stroke.before);
    finish(stroke.before);
  } else {
    follower.up();
  }
  stroke = null;
  erasing = false;
  showOptions();
  showLines();
  for (const goOn of waiting.splice(0)) goOn();
}

/** A second finger has landed: what the first has drawn so far is kept if it was meant. */
function abandon() {
  if (held) release(held.far > KEPT ? 'up' : 'cancel');
}

function measure() {
  const [a, b] = [...touches.values()].map(onStage);
  return { distance: Math.hypot(a[0] - b[0], a[1] - b[1]), middle: [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2] };
}

function movePinch() {
  if (touches.size !== 2) return; // one finger is up already
  const { distance, middle } = measure();
  setView(zoom, originX - (middle[0] - pinch.middle[0]) / zoom, originY - (middle[1] - pinch.middle[1]) / zoom);
  zoomBy(distance / pinch.distance, ...middle);
  pinch = { distance, middle };
}

/** What follows the pointer whether it is down or not: the ring, the class's name, the open polygon's line. */
function hoverAt(event) {
  const at = place(event);
  find('.hover').textContent = nameAt(at);
  ring = TOOLS[tool] === dab ? brushAt(event, at) : null;
  if (corners.length && !stroke && event.pointerType !== 'touch') aim = at;
  showLines();
}

function pointerLeaves() {
  stage.classList.remove('inside');
  if (keyed) return; // they follow the keyboard's cursor
  find('.hover').textContent = '';
  ring = null;
  aim = null;
  showLines();
}
