// The keeper: the page's parts say what they have, and it is written as soon as they pause; when the page opens, it comes
// back. keeper.py says which events there are. `memory` holds all parts of this page's visit, so that they can be written
// again where the store has lost them or another tab has taken them over.
//
// Parts: 'canvas:MODEL', 'settings:MODEL', 'state:MODEL', 'photo:MODEL' (a project's text), 'file:MODEL' (the whole photo),
// 'page' {model}.

const PAUSE = 250; // milliseconds after a change in which others may follow
const RETRY = 2000;
const FILES = 4; // files chosen last, among which the opened photo is
const FULL = 'The storage of this browser is full: what you paint from now on lasts as long as this page. Free some space, or save the project as a file.';

const UNSENT = 'The studio does not take what this browser keeps of your last visit, so the page opens fresh; it stays kept.';

const bar = element.querySelector('.kept');
const memory = new Map(), dirty = new Set(), packed = new WeakMap(), files = [];
let db = null, visit = { id: drawName(), owner: drawName(), worth: false };
let collect = null; // gives the canvas
let touched = false, paused = true, timer = 0, writing = Promise.resolve(), isFull = false;

function name(id) {
  visit = { ...visit, id };
  hold(id);
}

// ---- writing ---------------------------------------------------------------------------------------

function keep(part, value, bytes = 0) {
  if (value === null && !memory.has(part)) return;
  if (value === null) memory.delete(part);
  else memory.set(part, { value, bytes });
  dirty.add(part);
  schedule();
}

function schedule() {
  if (!db || paused || !touched || timer) return;
  timer = setTimeout(write, PAUSE);
}

/** Write what has changed; one writes after the other. */
function write() {
  clearTimeout(timer);
  timer = 0;
  if (!db || paused || !touched) return writing;
  return (writing = writing.then(writeNow).catch(() => {}));
}

async function writeNow() {
  const canvas = collect && dirty.has('canvas') ? collect() : null;
  dirty.delete('canvas');
  if (canvas && canvas.W && canvas.model) { // not while photos are labelled
    const content = await packCanvas(canvas);
    memory.set('canvas:' + canvas.model, content);
    dirty.add('canvas:' + canvas.model);
  }
  if (!dirty.size) return;
  const parts = [...dirty].map((part) => [part, memory.get(part) || null]);
  dirty.clear();
  const has = (kind, test) => [...memory].some(([part, { value }]) => part.startsWith(kind) && test(value));
  visit.worth = has('photo:', Boolean) || has('canvas:', (value) => value.undo.length + value.redo.length);
  try {
    await writeInto(parts);
    inTab(TAB, visit.id);
    inTab(LAST, null);
    isFull = false;
  } catch (error) {
    for (const [part] of parts) dirty.add(part);
    if (error?.name === 'QuotaExceededError' && !isFull) say(FULL);
    isFull = isFull || error?.name === 'QuotaExceededError';
  }
}

async function writeInto(parts) {
  let whole = false;
  for (let spare = 0; ; ) {
    try {
      if (await writeVisit(db, visit, whole ? [...memory] : parts, whole, props, spare)) return;
      const known = (await listVisits(db)).some(({ id }) => id === visit.id);
      if (known) name(drawName()); // another tab has it now
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

async function inflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  const ids = new Uint8Array(await new Response(stream).arrayBuffer());
  packed.set(ids, bytes);
  return ids;
}

/** The canvas as a part; of steps above the bound the oldest are left out. */
async function packCanvas({ model, W, H, ids, undo, redo }) {
  const pack = (steps) => Promise.all(steps.map(async ({ ids: step, aside }) => ({ bytes: await deflate(step), aside })));
  const value = { model, W, H, ids: await deflate(ids), undo: await pack(undo), redo: await pack(redo) };
  const size = (steps) => steps.reduce((sum, { bytes }) => sum + bytes.length, 0);
  while (size(value.undo) + size(value.redo) > props.undo) (value.undo.length ? value.undo : value.redo).shift();
  return { value, bytes: value.ids.length + size(value.undo) + size(value.redo) };
}

// ---- what the page's parts say -----------------------------------------------------------------------

function hearCanvas({ detail }) {
  collect = detail;
  if (paused) return;
  dirty.add('canvas');
  schedule();
}

function hearSettings({ detail: { model, settings } }) {
  keep('settings:' + model, JSON.parse(JSON.stringify(settings)));
  keep('page', { model });
}

async function hearState({ detail: { model, state, photo } }) {
  if (paused) return;
  if (db) document.dispatchEvent(new Event('semflow:known')); // the server has this visit, and so has the browser
  keep('state:' + model, JSON.parse(JSON.stringify(state))); // what Gradio gives is a proxy, which no store takes
  if (photo === null) return;
  keep('photo:' + model, photo || null, photo.length);
  const file = state.file && !state.file.example ? files.find(({ size }) => size === state.file.size) : null;
  keep('file:' + model, file ? await file.arrayBuffer().catch(() => null) : null, file ? file.size : 0);
}

function hearFiles({ target }) {
  if (!target.matches?.('#open input[type=file]')) return;
  touched = true;
  files.unshift(...target.files);
  files.splice(FILES);
}

function say(text, bring = false) {
  bar.querySelector('span').textContent = text;
  bar.querySelector('.bring').hidden = !bring;
  bar.hidden = false;
}

/** The page goes, perhaps before anything can be written: the canvas and its settings as they are, at once. */
function leave() {
  if (!db || paused || !touched || !collect || (!timer && !dirty.size && !collect().busy)) return write();
  const { model, W, H, ids } = collect();
  if (!model) return write();
  let text = '';
  for (let i = 0; i < ids.length; i += 8192) text += String.fromCharCode(...ids.subarray(i, i + 8192));
  inTab(LAST, JSON.stringify({ model, W, H, text, settings: memory.get('settings:' + model)?.value }));
  inTab(TAB, visit.id);
  return write();
}

// ---- coming back -------------------------------------------------------------------------------------

async function start() {
  document.querySelector('#painter').inert = inTab(TAB) !== null; // what is painted before it is back would be replaced
  db = await openStore();
  hold(visit.id);
  const named = location.hash.startsWith('#p=') ? null : inTab(TAB); // a link is a visit of its own
  const elsewhere = db ? await openElsewhere() : new Set();
  const parts = db && named ? await readVisit(db, named).catch(() => new Map()) : new Map();
  if (named && (await bringBack(named, parts, elsewhere.has(named)))) return;
  begin();
  if (db) await offer(elsewhere);
}

/** A fresh page. */
function begin() {
  release();
  trigger('fresh');
}

/** The visit that was kept comes back -> whether there is anything. */
async function bringBack(id, parts, isOpenElsewhere = false) {
  const last = lastCanvas(id);
  const models = new Map();
  for (const [part, { value }] of parts) {
    const [kind, model] = [part.slice(0, part.indexOf(':')), part.slice(part.indexOf(':') + 1)];
    if (kind === 'canvas') models.set(model, await unpackCanvas(value, last));
  }
  if (last && !models.size) models.set(last.model, { ...last, undo: [], redo: [], bytes: await deflate(last.ids) });
  if (!models.size) return false;
  paused = true;
  document.querySelector('#painter').inert = true;
  memory.clear();
  for (const [part, content] of parts) memory.set(part, content);
  name(isOpenElsewhere ? drawName() : id);
  if (!isOpenElsewhere) await ownVisit(db, id, visit.owner).catch(() => {});
  const of = (kind, model) => parts.get(kind + ':' + model)?.value;
  const named = parts.get('page')?.value.model, chosen = models.has(named) ? named : [...models.keys()].pop();
  const kept = { model: chosen, models: {} }, uploads = {};
  for (const [model, { W, H, bytes }] of models) {
    const { live, keep_seed, frames, ...settings } = (last?.model === model && last.settings) || of('settings', model) || {};
    if (model === chosen && live !== undefined) Object.assign(kept, { live, keep_seed, frames });
    kept.models[model] = { layout: W + ',' + H + ';' + base64(bytes), settings, photo: of('photo', model) || '', state: of('state', model) || {} };
    const file = of('file', model);
    if (file) uploads[model] = new File([file], 'photo');
  }
  document.dispatchEvent(new CustomEvent('semflow:back', { detail: { ...models.get(chosen), model: chosen } }));
  const paths = await send({ ...uploads, '': new File([JSON.stringify(kept)], 'kept.json') });
  if (!paths) {
    say(UNSENT);
    return refuse();
  }
  const { '': path, ...photos } = paths;
  trigger('restore', { kept: path, files: photos, away: inTab(LOST) !== null });
  inTab(LOST, null);
  return true;
}

function base64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** A canvas that could not be written before the page went. */
function lastCanvas(id) {
  try {
    const last = JSON.parse(inTab(LAST) || 'null');
    return last && id === inTab(TAB) ? { ...last, ids: Uint8Array.from(last.text, (c) => c.charCodeAt(0)) } : null;
  } catch {
    return null;
  }
}

async function unpackCanvas({ model, W, H, ids, undo, redo }, last) {
  const unpack = (steps) => Promise.all(steps.map(async ({ bytes, aside }) => ({ ids: await inflate(bytes), aside })));
  const canvas = { W, H, ids: await inflate(ids), undo: await unpack(undo), redo: await unpack(redo) };
  if (last && last.model === model && last.W === W && last.H === H && last.ids.some((v, i) => v !== canvas.ids[i])) {
    canvas.undo.push({ ids: canvas.ids, aside: false });
    canvas.ids = last.ids;
    canvas.redo = [];
  }
  return { ...canvas, bytes: await deflate(canvas.ids) };
}

/** Upload files by name -> their paths on the server, null where it refuses them. A server that is away is waited for. */
async function send(uploads) {
  const root = (window.gradio_config?.root || location.origin) + (window.gradio_config?.api_prefix || '/gradio_api');
  const body = () => {
    const form = new FormData();
    for (const file of Object.values(uploads)) form.append('files', file);
    return form;
  };
  for (;;) {
    try {
      const response = await fetch(root + '/upload', { method: 'POST', body: body() });
      if (!response.ok) return null;
      const paths = await response.json();
      return Object.fromEntries(Object.keys(uploads).map((name, i) => [name, paths[i]]));
    } catch {
      await new Promise((done) => setTimeout(done, RETRY));
    }
  }
}

/** It cannot come back: it stays in the store, and the page begins a visit of its own. */
function refuse() {
  release();
  memory.clear();
  dirty.clear();
  name(drawName());
  inTab(TAB, null);
  document.dispatchEvent(new Event('semflow:refused'));
  return false;
}

function release() {
  paused = false;
  document.querySelector('#painter').inert = false;
}

watch('answer', () => {
  if (!paused || !props.answer) return;
  if (props.answer === 'refused') return refuse();
  release();
  touched = true;
  dirty.add('canvas');
  write();
});

// ---- the last visit of another tab -------------------------------------------------------------------

async function offer(elsewhere) {
  const visits = (await listVisits(db).catch(() => [])).filter(({ id, worth }) => worth && id !== visit.id && !elsewhere.has(id));
  const last = visits.sort((a, b) => b.at - a.at)[0];
  if (!last) return;
  say('This browser keeps what you painted on ' + new Date(last.at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) + '.', true);
  bar.querySelector('.bring').onclick = async () => {
    bar.hidden = true;
    await write();
    await bringBack(last.id, await readVisit(db, last.id), (await openElsewhere()).has(last.id));
  };
}

async function forget() {
  if (db) await forgetVisits(db).catch(() => {});
  inTab(LAST, null);
  inTab(TAB, null);
  bar.hidden = true;
}

for (const [event, hear] of [['canvas', hearCanvas], ['settings', hearSettings], ['state', hearState], ['ready', start], ['forget', forget], ['keep', write]]) {
  document.addEventListener('semflow:' + event, hear);
}
document.addEventListener('change', hearFiles, true);
for (const event of ['pointerdown', 'keydown', 'drop', 'paste']) {
  document.addEventListener(event, () => (touched = true), { capture: true });
}
document.addEventListener('visibilitychange', () => document.visibilityState === 'hidden' && write());
window.addEventListener('pagehide', leave);
bar.querySelector('.close').addEventListener('click', () => (bar.hidden = true));
channel?.addEventListener('message', ({ data }) => data.asks && channel.postMessage({ open: visit.id }));
