// The way back: what the browser kept of a visit goes to the server, and the canvas to the painter. The other files are
// joined before this one, which starts them.

const UNSENT = 'The studio does not take what this browser keeps of your last visit, so the page opens fresh; it stays kept.';
const DAMAGED = 'What this browser keeps of your last visit is damaged, so the page opens fresh.';
const WAITING = 'What this browser keeps of your last visit is on its way; the studio has not answered yet.';

const LONG = 8000; // milliseconds after which a wait is said, and need not go on
const TRIES = 3; // times that the server is asked for a visit
let asked = null; // what it is asked with, and how often it was: {detail, times}
let slow = 0; // timer of that wait
let present = null; // what comes back where a kept visit cannot: {id, memory, canvas}

async function start() {
  document.querySelector('#painter').inert = inTab(TAB) !== null; // what is painted before it is back would be replaced
  db = await openStore();
  hold(visit.id);
  const named = location.hash.startsWith('#p=') ? null : inTab(TAB); // a link is a visit of its own
  const elsewhere = db ? await openElsewhere() : new Set();
  const parts = db && named ? await readVisit(db, named).catch(() => new Map()) : new Map();
  if (named && (await bringBack(named, parts, elsewhere.has(named)))) return;
  begin();
  if (db && bar.hidden) await offer(elsewhere); // unless it has just been said why nothing came back
}

/** A fresh page. */
function begin() {
  release();
  document.dispatchEvent(new Event('semflow:ask')); // for the canvas, which may have been there first
  dirty.add('canvas'); // with what changes first, if it is only the seed
  written = changes;
  trigger('fresh');
}

/** The visit that was kept comes back -> whether there is anything. */
async function bringBack(id, parts, isOpenElsewhere = false) {
  const last = readLast(id), { models, isDamaged } = await unpackModels(parts, last);
  present = paused ? null : { id: visit.id, memory: new Map(memory), canvas: collect?.() };
  if (!models.size) {
    if (isDamaged) refuse(DAMAGED);
    return false;
  }
  paused = true;
  document.querySelector('#painter').inert = true;
  memory.clear();
  for (const [part, content] of parts) memory.set(part, content);
  if (last?.settings) memory.set('settings:' + last.model, { value: last.settings, bytes: 0 });
  name(isOpenElsewhere ? drawName() : id);
  if (!isOpenElsewhere) await ownVisit(db, id, visit.owner).catch(() => {});
  const of = (kind, model) => memory.get(kind + ':' + model)?.value;
  const named = last ? last.model : parts.get('page')?.value.model;
  const chosen = models.has(named) ? named : [...models.keys()].pop();
  const kept = { model: chosen, models: {} }, uploads = {};
  for (const [model, { W, H, bytes }] of models) {
    const { live, keep_seed, frames, ...settings } = of('settings', model) || {};
    if (model === chosen && live !== undefined) Object.assign(kept, { live, keep_seed, frames });
    kept.models[model] = { layout: W + ',' + H + ';' + base64(bytes), settings, photo: of('photo', model) || '', state: of('state', model) || {} };
    const file = of('file', model);
    if (file) uploads[model] = new File([file], 'photo');
  }
  document.dispatchEvent(new CustomEvent('semflow:back', { detail: { ...models.get(chosen), model: chosen, others: models } }));
  slow = setTimeout(() => say(WAITING, 'leave'), LONG);
  const paths = await send({ ...uploads, '': new File([JSON.stringify(kept)], 'kept.json') });
  if (!paused) return true; // the page has gone on without
  if (!paths) return refuse(UNSENT);
  const { '': path, ...photos } = paths;
  asked = { detail: { kept: path, files: photos, away: inTab(LOST) !== null }, times: 1 };
  trigger('restore', asked.detail);
  inTab(LOST, null);
  return true;
}

/** The canvases by model; one that is damaged is left out. */
async function unpackModels(parts, last) {
  const models = new Map();
  let isDamaged = false;
  for (const [part, { value }] of parts) {
    if (!part.startsWith('canvas:') || part === 'canvas:' + last?.model) continue;
    try {
      models.set(part.slice('canvas:'.length), await unpackCanvas(value));
    } catch {
      isDamaged = true;
    }
  }
  if (last) models.set(last.model, { ...last, bytes: await deflate(last.ids) });
  return { models, isDamaged };
}

async function unpackCanvas({ W, H, ids, landing, undo, redo, hand }) {
  if (!isSize(W, H)) throw new RangeError('a layout of no size');
  const unpack = (bytes) => inflate(bytes, W * H);
  const unpackAll = (steps) => Promise.all(steps.map(async ({ bytes, ...signs }) => ({ ids: await unpack(bytes), ...signs })));
  const [layout, before, after] = [await unpack(ids), ...(await Promise.all([undo, redo].map((steps) => unpackAll(steps).catch(() => []))))];
  return { W, H, ids: layout, landing, undo: before, redo: after, hand, bytes: ids };
}

function base64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(text);
}

/** Upload files by name -> their paths on the server, null where it refuses them. One that is away or busy is waited for. */
async function send(uploads) {
  const root = (window.gradio_config?.root || location.origin) + (window.gradio_config?.api_prefix || '/gradio_api');
  const body = () => {
    const form = new FormData();
    for (const file of Object.values(uploads)) form.append('files', file);
    return form;
  };
  for (let times = 1; ; ) {
    try {
      const response = await fetch(root + '/upload', { method: 'POST', body: body() });
      const isBusy = response.status === 429 || response.status >= 500;
      if (!response.ok && !(isBusy && times++ < TRIES)) return null;
      if (!response.ok) throw new Error(response.statusText);
      const paths = await response.json();
      return Object.fromEntries(Object.keys(uploads).map((name, i) => [name, paths[i]]));
    } catch {
      await new Promise((done) => setTimeout(done, RETRY));
    }
  }
}

/** It cannot come back: it stays in the store, and the page goes on with what it had, or begins a visit of its own. */
function refuse(text = '') {
  release();
  if (text) say(text);
  memory.clear();
  dirty.clear();
  written = changes;
  for (const [part, content] of present?.memory || []) memory.set(part, content);
  name(present?.id || drawName());
  inTab(TAB, present ? present.id : null);
  if (present?.canvas) {
    document.dispatchEvent(new CustomEvent('semflow:back', { detail: present.canvas }));
    change('canvas');
  } else {
    document.dispatchEvent(new Event('semflow:refused'));
  }
  present = null;
  return false;
}

/** The server gave no answer, such as one that others keep busy: it is asked again, and then the page goes on without. */
function askAgain() {
  if (!paused || !asked) return;
  if (asked.times++ < TRIES) setTimeout(() => paused && trigger('restore', asked.detail), RETRY);
  else refuse(UNSENT);
}

function release() {
  clearTimeout(slow);
  if (!bar.querySelector('.leave').hidden) bar.hidden = true;
  paused = false;
  document.querySelector('#painter').inert = false;
}

watch('answer', () => {
  if (!paused || !props.answer) return;
  if (props.answer === 'refused') return refuse();
  release();
  present = null;
  touched = true;
  change('canvas');
  write();
});

// ---- the last visit of another tab -------------------------------------------------------------------

async function offer(elsewhere) {
  const visits = (await listVisits(db).catch(() => [])).filter(({ id, worth }) => worth && id !== visit.id && !elsewhere.has(id));
  const last = visits.sort((a, b) => b.at - a.at)[0];
  if (!last) return;
  say('This browser keeps what you painted on ' + new Date(last.at).toLocaleString([], { dateStyle: 'medium', timeStyle: 'short' }) + '.', 'bring');
  bar.querySelector('.bring').onclick = async () => {
    bar.hidden = true;
    await write();
    await bringBack(last.id, await readVisit(db, last.id), (await openElsewhere()).has(last.id));
  };
}

/** All that was kept goes, of this page too; what is painted from here on is kept again. */
function forget() {
  clearTimeout(timer);
  timer = 0;
  for (const part of [...memory.keys()]) if (!/^(settings:|page)/.test(part)) memory.delete(part);
  dirty.clear();
  written = changes;
  know({ browser: false });
  bar.hidden = true;
  trigger('forgotten'); // so that the server sends the opened photo again
  const forgetAll = async () => {
    if (db) await forgetVisits(db);
    inTab(LAST, null);
    inTab(TAB, null);
  };
  writing = writing.then(forgetAll).catch(() => {});
}

bar.querySelector('.leave').addEventListener('click', () => paused && refuse(UNSENT));
for (const [event, hear] of [['canvas', hearCanvas], ['settings', hearSettings], ['state', hearState], ['ready', start], ['forget', forget], ['keep', writeFor], ['unanswered', askAgain]]) {
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
