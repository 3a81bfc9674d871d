// Who gets a pointer: one finger, the pen or the left button goes to the tool; two fingers, the middle button or
// the left one with Space held move the view.

const KEPT = 12; // screen pixels: a stroke longer than this is kept when a second finger lands, a shorter one was the pinch's
const touches = new Map(); // fingers on the canvas: pointer id -> their last event
let held = null; // the pointer that the tool follows: {id, start, far}
let pan = null; // the pointer that drags the view: {id, last}
let pinch = null; // {distance, middle} of two fingers; lives until the last finger is up
let spaceHeld = false;

function pointerDown(event) {
  canvas.focus({ preventScroll: true });
  leaveCursor(place(event)); // also if the focus has just shown it
  if (event.pointerType === 'touch') {
    if (held && held.start.pointerType === 'pen') return; // the hand that holds the pen
    touches.set(event.pointerId, event);
    if (touches.size === 2 && !pan) {
      abandon();
      pinch = measure();
    }
    if (touches.size > 1) return;
  }
  if (held || pan || pinch || event.button > 1) return;
  event.preventDefault(); // no text selection, no automatic scrolling with the middle button
  canvas.setPointerCapture(event.pointerId);
  if (event.button === 1 || spaceHeld) {
    pan = { id: event.pointerId, last: onStage(event) };
    stage.classList.add('panning');
    return;
  }
  toolDown(event);
  hoverAt(event);
}

function toolDown(event) {
  const chosen = event.altKey ? pick : TOOLS[tool];
  if (BEGINS.includes(chosen)) trigger('begin');
  chosen.down(event, place(event));
  if (stroke) held = { id: event.pointerId, start: event, far: 0, tool: chosen };
}

function pointerMove(event) {
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

function pointerUp(event) {
  touches.delete(event.pointerId);
  if (pinch && !touches.size) pinch = null;
  if (pan && event.pointerId === pan.id) {
    pan = null;
    stage.classList.remove('panning');
  }
  if (held && event.pointerId === held.id) release('up');
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
  showOptions();
  showLines();
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
  const at = place(event), named = classOf.get(idAt(at));
  find('.hover').textContent = named ? named.name : '';
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
