// The keyboard's pointer: a cursor that the arrow keys move while the canvas has the focus. Space or Enter puts the
// tool down there; a brush then draws and a shape stretches with the cursor, until Space or Enter lifts it: one undo
// step. The other tools act at once. What is under it is announced to screen readers.

const KEYS = 'keys'; // its pointer id
const PAUSE = 150; // milliseconds: an arrow key that is held says where it stops, not every pixel on its way
const said = find('.said');

let keyed = false; // whether the cursor is shown
let cursor = [-1, -1]; // the label pixel where it is, or will be when it is shown again
let saying = 0;

const heldByKeys = () => held !== null && held.id === KEYS;

/** The cursor as a pointer's event, in the middle of its pixel. */
function cursorEvent() {
  return { at: cursor.map((p) => p + 0.5), pointerId: KEYS, pointerType: KEYS };
}

function showCursor() {
  if (keyed) return;
  keyed = true;
  stage.classList.add('keyed');
  const inView = (at, side, origin) => at >= origin * side && at < (origin + 1 / zoom) * side;
  if (!inView(cursor[0], W, originX) || !inView(cursor[1], H, originY)) {
    cursor = [(originX + 0.5 / zoom) * W, (originY + 0.5 / zoom) * H].map(Math.floor);
  }
  hoverAt(cursorEvent());
  sayPlace();
}

/** The focus or the pointer goes elsewhere: what is under way is finished. It comes back at `at`, if that is given. */
function leaveCursor(at) {
  if (heldByKeys()) release('up');
  if (at) cursor = at.map(Math.floor);
  if (!keyed) return;
  keyed = false;
  stage.classList.remove('keyed');
  clearTimeout(saying);
  find('.hover').textContent = '';
  ring = aim = null;
  showLines();
}

function moveCursor(dx, dy) {
  showCursor();
  cursor = [Math.min(W - 1, Math.max(0, cursor[0] + dx)), Math.min(H - 1, Math.max(0, cursor[1] + dy))];
  const event = cursorEvent();
  if (held) held.tool.move(event, event.at);
  scrollToCursor();
  hoverAt(event);
  sayPlace();
}

function scrollToCursor() {
  const edge = 0.1 / zoom; // margin, as a share of the view: the cursor stays this far inside
  const keep = (origin, share) => Math.min(share - edge, Math.max(origin, share + edge - 1 / zoom));
  setView(zoom, keep(originX, (cursor[0] + 0.5) / W), keep(originY, (cursor[1] + 0.5) / H));
}

/** Space or Enter: down, or up again. */
function pressCursor() {
  const name = find('[data-tool][aria-pressed=true]').getAttribute('aria-label');
  if (held) {
    release('up');
    hoverAt(cursorEvent());
    return sayPlace(name + ' up. ');
  }
  if (floating) return putDown();
  toolDown(cursorEvent());
  if (held && !DRAWN.includes(held.tool)) release('up');
  hoverAt(cursorEvent());
  sayPlace(held ? name + ' down. ' : '');
}

function sayPlace(first = '') {
  sayLater(`${first}${find('.hover').textContent.split(' · ')[0]}, ${cursor[0] + 1} across, ${cursor[1] + 1} down`);
}

function sayLater(text) {
  clearTimeout(saying);
  saying = setTimeout(() => (said.textContent = text), PAUSE);
}

/** Keys on the focused canvas. Returns whether the key was one. */
function cursorKey(name, event) {
  if (event.target !== canvas) return false;
  if (ARROWS[name]) moveCursor(...stepOf(name, event));
  else if (keyed && (name === ' ' || name === 'enter')) event.repeat || pressCursor();
  else if (name === 'escape' && heldByKeys()) release('cancel');
  else return false;
  return true;
}
