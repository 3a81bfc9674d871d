// The keeper: the page's parts say what they have, and it is written as soon as they pause; back.js brings it back when
// the page opens. keeper.py says which events there are. `memory` holds all parts of this page's visit, so that they can be
// written again where the store has lost them or another tab has taken them over.
//
// Parts: 'canvas:MODEL', 'settings:MODEL', 'state:MODEL', 'photo:MODEL' (a project's text), 'file:MODEL' (the whole photo),
// 'page' {model}.

const PAUSE = 250; // milliseconds after a change in which others may follow
const RETRY = 2000;
const FILES = 4; // files chosen last, among which the opened photo is
const FULL = 'The storage of this browser is full: what you paint from now on lasts as long as this page. Free some space, or save the project as a file.';

const CLOSED = 'This browser does not let the page keep anything: what you paint lasts as long as this page. Save the project as a file.';
const MOST_PIXELS = 4096 * 4096; // of a layout

const bar = element.querySelector('.kept');
const memory = new Map(), dirty = new Set(), packed = new WeakMap(), files = [];
let db = null, visit = { id: drawName(), owner: drawName(), worth: false };
let collect = null; // gives the canvas
let touched = false, paused = true, timer = 0, isFull = false, isClosed = false;
let writing = Promise.resolve(); // the writes under way
let changes = 0, written = 0, lastChange = 0; // their number, and how many of them the store has, and `LAST`
const known = { server: false, browser: false }; // who has this visit

function name(id) {
  visit = { ...visit, id };
  hold(id);
}

// ---- writing ---------------------------------------------------------------------------------------

function keep(part, value, bytes = 0) {
  if (value === null && !memory.has(part)) return;
  if (value === null) memory.delete(part);
  else memory.set(part, { value, bytes });
  change(part);
}

function change(part) {
  changes++;
  dirty.add(part);
  schedule();
}

function schedule(pause = PAUSE) {
  if (!db && touched && !paused) sayClosed();
  if (!db || paused || !touched || timer) return;
  timer = setTimeout(write, pause);
}

/** Write what has changed; one writes after the other. */
function write() {
  clearTimeout(timer);
  timer = 0;
  if (!db || paused || !touched) return writing;
  return (writing = writing.then(writeNow).catch(() => {}));
}

async function writeNow() {
  const names = [...dirty], until = changes, canvas = collect && dirty.has('canvas') ? collect() : null;
  const parts = names.filter((part) => part !== 'canvas').map((part) => [part, memory.get(part) || null]);
  dirty.clear();
  try {
    if (canvas && canvas.W && canvas.model) { // not while photos are labelled
      const part = 'canvas:' + canvas.model, content = await packCanvas(canvas);
      memory.set(part, content);
      parts.push([part, content]);
    }
    if (!parts.length) return;
    const has = (kind, test) => [...memory].some(([part, { value }]) => part.startsWith(kind) && test(value));
    visit.worth = has('photo:', Boolean) || has('canvas:', (value) => value.undo.length + value.redo.length);
    await writeInto(parts);
    inTab(TAB, visit.id);
    written = until;
    if (lastChange <= written) inTab(LAST, null);
    isFull = false;
    know({ browser: true });
  } catch (error) {
    for (const part of names) dirty.add(part);
    know({ browser: false });
    if (error?.name !== 'QuotaExceededError') return sayClosed();
    if (!isFull) say(FULL);
    isFull = true;
  }
}

/** Once a page. */
function sayClosed() {
  if (!isClosed) say(CLOSED);
  isClosed = true;
}

async function writeInto(parts) {
  const open = navigator.locks ? await openElsewhere() : new Set();
  let whole = false;
  for (let spare = 0; ; ) {
    try {
      if (await writeVisit(db, visit, whole ? [...memory] : parts, whole, props, spare, open)) return;
      const isOthers = (await listVisits(db)).some(({ id }) => id === visit.id);
      if (isOthers) name(drawName()); // another tab has it now
      whole = true;
    } catch (error) {
      if (error?.name !== 'QuotaExceededError' || spare > props.visits) throw error;
      spare++;
    }
  }
}

async function deflate(ids) {
  if (!packed.has(ids)) {
    const stream = new Blob([ids]).stream().pipeThrough(new CompressionStream('deflate'));
    packed.set(ids, new Uint8Array(await new Response(stream).arrayBuffer()));
  }
  return packed.get(ids);
}

const isSize = (W, H) => Number.isInteger(W) && Number.isInteger(H) && W > 0 && H > 0 && W * H <= MOST_PIXELS;

/** A layout of that many pixels; nothing is made of more than that, whatever the bytes promise. */
async function inflate(bytes, size) {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  const ids = new Uint8Array(size);
  let end = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (end + part.value.length > size) {
      reader.cancel().catch(() => {});
      break;
    }
    ids.set(part.value, end);
    end += part.value.length;
  }
  if (end !== size) throw new RangeError('a layout of another size');
  packed.set(ids, bytes);
  return ids;
}

/** The canvas as a part; of steps above the bound the oldest are left out. */
async function packCanvas({ model, W, H, ids, landing, undo, redo, hand }) {
  const pack = (steps) => Promise.all(steps.map(async ({ ids: step, ...signs }) => ({ bytes: await deflate(step), ...signs })));
  const value = { model, W, H, ids: await deflate(ids), landing, undo: await pack(undo), redo: await pack(redo), hand };
  const size = (steps) => steps.reduce((sum, { bytes }) => sum + bytes.length, 0);
  while (size(value.undo) + size(value.redo) > props.undo) (value.undo.length ? value.undo : value.redo).shift();
  return { value, bytes: value.ids.length + size(value.undo) + size(value.redo) };
}

/** The page goes, perhaps before anything can be written: the canvas and its settings as they are, at once. */
function leave() {
  const canvas = db && touched && !paused && collect ? collect() : null;
  if (canvas?.model && (changes > written || canvas.busy)) {
    keepLast(canvas, memory.get('settings:' + canvas.model)?.value);
    inTab(TAB, visit.id);
    dirty.add('canvas');
    lastChange = ++changes;
  }
  return write();
}

// ---- what the page's parts say -----------------------------------------------------------------------

function hearCanvas({ detail }) {
  collect = detail;
  if (!paused) change('canvas');
}

function hearSettings({ detail: { model, settings } }) {
  keep('settings:' + model, JSON.parse(JSON.stringify(settings)));
  keep('page', { model });
}

async function hearState({ detail: { model, state, photo } }) {
  if (paused) return;
  know({ server: true });
  keep('state:' + model, JSON.parse(JSON.stringify(state))); // what Gradio gives is a proxy, which no store takes
  if (photo === null) return;
  keep('photo:' + model, photo || null, photo.length);
  keep('file:' + model, null);
  const file = state.file && !state.file.example ? files.find(({ size }) => size === state.file.size) : null;
  const bytes = file && (await file.arrayBuffer().catch(() => null));
  if (bytes && memory.get('photo:' + model)?.value === photo) keep('file:' + model, bytes, file.size); // no other came meanwhile
}

/** A server that has forgotten the visit may send the page back to what the browser has; before, that would lose it. */
function know(who) {
  Object.assign(known, who);
  document.dispatchEvent(new CustomEvent('semflow:known', { detail: known.server && known.browser }));
}

function hearFiles({ target }) {
  if (!target.matches?.('#open input[type=file]')) return;
  touched = true;
  files.unshift(...target.files);
  files.splice(FILES);
}

/** Write now; who asks with {written} is told when it is done. */
function writeFor({ detail }) {
  const written = write();
  if (detail) detail.written = written;
}

/** A sentence, with one of the buttons: 'bring' or 'leave'. */
function say(text, button = '') {
  bar.querySelector('span').textContent = text;
  for (const name of ['bring', 'leave']) bar.querySelector('.' + name).hidden = name !== button;
  bar.hidden = false;
}
