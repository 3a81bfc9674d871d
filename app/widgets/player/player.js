// The player lies over the photo: at the photo's own end it shows nothing, anywhere else one moment of the path. It
// holds every frame as a bitmap, so that moving along the path asks the server nothing.
// props: value {request, places, views {name: [{url}]}, timelines {name: [index]}, ends, predictable} or null,
// draft (what is said while only a draft is shown, or ""), before (URL of the opened photo, or ""), empty (whether
// there is no photo because nothing is drawn), labelled (whether the photo is one of a set, which has no path).
// events: 'want' when the path of the photo shown is wanted, 'predict' {request} for views that are not there yet,
// 'save' {request, view, timeline, there_and_back, seconds, format}, 'stop'. 'semflow:walked' on the document: the answer
// to 'want' has come, with a value or without; 'semflow:declined': the server took a request not even into its queue.

const SWEEP = 2500; // milliseconds from one end to the other
const PLAY = 'M7 4.500v15l12-7.500z', PAUSE = 'M7 4.500h3.500v15H7zM13.500 4.500H17v15h-3.500z';
const find = (selector) => element.querySelector(selector);
const canvas = find('.moment'), context = canvas.getContext('2d');
const range = find('.at'), playButton = find('.play'), options = find('.options'), more = find('.more');
const repeat = find('.repeat'), speed = find('.speed'), timeline = find('.timeline'), view = find('.view');

let film = null; // props.value with bitmaps instead of files
let shown = []; // indices of the pictures in the timeline
let playing = null; // {from, start, direction} while it runs
let version = 0, nextView = null; // nextView: the view that the server is computing
let wanted = null; // where the slider waits for a path that is being computed, as a share of its length
let playsNext = false; // whether the path that comes is to be played
let moment = ''; // what is said of the moment shown; '' at the photo itself

const last = () => Math.max(1, shown.length - 1);
/** Where the photo itself is: at the left, but for the way from an earlier state to this one. */
const home = () => (film && film.ends[1] === 'now' ? last() : 0);

function show() {
  if (!film) return;
  const at = Number(range.value), i = Math.min(Math.floor(at), shown.length - 1), share = at - i;
  const frames = film.views[film.views[view.value] ? view.value : 'path'];
  canvas.hidden = at === home() && view.value === 'path' && !playing;
  context.globalAlpha = 1;
  context.drawImage(frames[shown[i]], 0, 0);
  if (share > 0 && i + 1 < shown.length) {
    context.globalAlpha = share; // between two moments: one fades into the next
    context.drawImage(frames[shown[i + 1]], 0, 0);
  }
  const from = film.places[shown[i]], to = film.places[shown[Math.min(i + 1, shown.length - 1)]];
  const place = from + share * (to - from);
  const text = film.predictable ? 't = ' + place.toFixed(2) : Math.round(100 * place) + ' %';
  say(canvas.hidden ? '' : text);
  moment = canvas.hidden ? '' : text;
  nameSides();
  range.setAttribute('aria-valuetext', text);
}

function say(text) {
  find('.t').textContent = text;
  find('.t').hidden = !text;
}

function stop() {
  playing = null;
  find('.icon').setAttribute('d', PLAY);
  playButton.setAttribute('aria-label', 'Play the path');
}

function play() {
  const from = Number(range.value);
  playing = { from: from === last() ? 0 : from, start: null, direction: 1 };
  find('.icon').setAttribute('d', PAUSE);
  playButton.setAttribute('aria-label', 'Pause');
  requestAnimationFrame(tick);
}

function seconds() {
  return SWEEP / 1000 / Number(speed.value);
}

function tick(now) {
  if (!playing || !element.isConnected) return;
  if (playing.start === null) playing.start = now;
  const moved = ((now - playing.start) / 1000 / seconds()) * last();
  const at = Math.min(last(), Math.max(0, playing.from + playing.direction * moved));
  range.value = timeline.value === 'own' ? Math.round(at) : at;
  show();
  if (at === (playing.direction > 0 ? last() : 0)) {
    if (repeat.value === 'once') {
      stop();
      return show();
    }
    if (repeat.value === 'loop') playing = { from: 0, start: now, direction: 1 };
    else playing = { from: at, start: now, direction: -playing.direction };
  }
  requestAnimationFrame(tick);
}

/** The slider and its marks for the chosen timeline, at the place where it was. */
function useTimeline() {
  const place = shown.length ? film.places[shown[Math.round(Number(range.value))]] ?? 0 : film.places[0];
  shown = film.timelines[timeline.value];
  range.max = last();
  range.step = timeline.value === 'own' ? 1 : 0.01;
  const off = shown.map((i) => Math.abs(film.places[i] - place));
  range.value = off.indexOf(Math.min(...off));
  const own = film.timelines.own || [];
  // even times: a step's mark stands at its time; the solver's own: every position is a step
  const at = timeline.value === 'own' ? own.map((_, k) => k / (own.length - 1)) : own.map((i) => film.places[i]);
  find('.marks').replaceChildren(
    ...at.map((x) => {
      const mark = document.createElement('i');
      mark.style.left = 100 * x + '%';
      return mark;
    }),
  );
  show();
}

async function bitmaps(files) {
  return Promise.all(files.map(async (f) => createImageBitmap(await (await fetch(f.url)).blob())));
}

function nameEnds([left, right]) {
  find('.left').textContent = left;
  find('.right').textContent = right;
  range.setAttribute('aria-label', `Position between ${left} and ${right}`);
}

function empty() {
  stop();
  nextView = null;
  view.value = 'path';
  shown = [];
  range.max = 1;
  range.step = 0.01;
  if (wanted === null) range.value = 0;
  nameEnds(['photo', 'layout']);
  find('.marks').replaceChildren();
  for (const control of options.querySelectorAll('select, button')) control.disabled = true;
  canvas.hidden = true;
  moment = '';
  nameSides();
  say(wanted === null ? '' : 'Computing the path …');
}

async function load() {
  const mine = ++version, value = props.value;
  let next = null;
  if (value) showComputing(false);
  if (value) {
    const views = {};
    for (const [name, files] of Object.entries(value.views)) views[name] = await bitmaps(files);
    if (mine !== version) return;
    next = { ...value, views };
  }
  stop();
  if (film) Object.values(film.views).flat().forEach((b) => b.close());
  const again = film && next && nextView && next.views[nextView]; // the same film with more views
  film = next;
  if (!film) {
    empty();
    return wait(); // the photo may be the one that it was
  }
  for (const control of options.querySelectorAll('select, button')) control.disabled = false;
  view.hidden = !film.predictable;
  if (!again) view.value = 'path';
  nextView = null;
  timeline.hidden = !film.timelines.own;
  if (timeline.hidden) timeline.value = 'even';
  nameEnds(film.ends);
  canvas.width = film.views.path[0].width;
  canvas.height = film.views.path[0].height;
  if (!again) shown = [];
  useTimeline();
  if (again) return;
  range.value = wanted === null ? home() : wanted * last();
  show();
  // a way between two photos is shown once, for it was asked for; a path waits for the hand
  if (playsNext || (!film.predictable && !matchMedia('(prefers-reduced-motion: reduce)').matches)) {
    range.value = 0;
    play();
  }
  wanted = null;
  playsNext = false;
}

// ---- when the path is computed ---------------------------------------------------------------------

const SOON = 300; // milliseconds in which a picture that is on its way shows so
const STILL = 1500; // milliseconds without another picture or a pointer down, after which the path is computed
const photo = () => document.querySelector('#photo img')?.src || '';
const hasPath = () => Boolean(photo()) && !props.labelled;
const busy = () => document.querySelector('#photo .wrap:not(.hide)') !== null;
let waiting = 0, pressed = false, asked = 0;

/** A quiet sign at the slider that its path is on its way. */
function showComputing(is) {
  find('.rail').classList.toggle('computing', is);
}

function askForPath() {
  asked++;
  showComputing(true);
  trigger('want');
}

/** The server has done what was wanted, or refused it: then the slider does not wait, but for a photo on its way. */
function endComputing() {
  if (!element.isConnected || props.value) return;
  showComputing(false);
  const mine = asked;
  setTimeout(() => {
    if (mine !== asked || film || props.value || pressed || busy()) return;
    wanted = null;
    playsNext = false;
    empty();
  }, SOON);
}
for (const event of ['walked', 'declined']) document.addEventListener('semflow:' + event, endComputing);

function wait() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    if (!element.isConnected || film || !hasPath()) return;
    if (busy() || pressed || document.hidden || props.draft) return wait();
    askForPath();
  }, STILL);
}

/** The slider or the play button is used before the path is here. */
function want() {
  if (!hasPath()) return;
  clearTimeout(waiting);
  if (find('.t').hidden) askForPath();
  say('Computing the path …');
}

range.addEventListener('input', () => {
  stop();
  if (film) return show();
  wanted = Number(range.value) / Number(range.max);
  want();
});
range.addEventListener('keydown', (event) => {
  const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
  if (!by || !film) return;
  event.preventDefault(); // a hundredth of a moment would be too little
  stop();
  range.value = Math.round(Number(range.value)) + by;
  show();
});
playButton.addEventListener('click', () => {
  if (playing) {
    stop();
    return show();
  }
  if (film) return play();
  playsNext = true;
  want();
});
repeat.addEventListener('change', () => {
  if (repeat.value !== 'once' && !playing) play();
});
speed.addEventListener('change', () => {
  if (playing) playing = { from: Number(range.value), start: null, direction: playing.direction };
});
timeline.addEventListener('change', () => {
  stop();
  useTimeline();
});
view.addEventListener('change', () => {
  if (film.views[view.value]) return show();
  nextView = view.value; // the choice stays, and the moment is shown until its view is here
  say('Computing the view …');
  trigger('predict', { request: film.request });
});
find('.export').addEventListener('click', () => {
  trigger('save', {
    request: film.request,
    view: view.value,
    timeline: timeline.value,
    there_and_back: repeat.value === 'back',
    seconds: seconds(),
    format: find('.format').value,
  });
});

function openOptions(open) {
  options.hidden = !open;
  more.setAttribute('aria-expanded', open);
}

more.addEventListener('click', () => openOptions(options.hidden));
find('.bar').addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !options.hidden) {
    openOptions(false);
    more.focus();
  }
});
document.addEventListener('pointerdown', (event) => {
  pressed = true;
  if (!options.hidden && !event.target.closest('.options, .more')) openOptions(false);
});
// what a hand has begun stopped the path on its way, and may have come to nothing
for (const up of ['pointerup', 'pointercancel', 'keyup']) {
  document.addEventListener(up, () => {
    if (up !== 'keyup') pressed = false;
    if (!film) wait();
  });
}
find('.stop').addEventListener('click', () => {
  showComputing(false);
  trigger('stop');
});

// ---- comparing -------------------------------------------------------------------------------------

const SIDES = { before: ['before', 'after'], layout: ['layout', 'photo'] };
const COMPARED = { before: 'Before and after; next: layout and photo', layout: 'Layout and photo; next: off' };
const compareButton = find('.compare-button'), divider = find('.divider'), other = find('.other');
let comparing = null; // 'before', 'layout' or null
let now = '', settled = '', earlier = ''; // the picture shown, the last that was no draft, and the one before that
const picture = new Image();

const before = () => props.before || earlier;

function compare(mode) {
  comparing = mode;
  find('.compare').hidden = !mode;
  compareButton.setAttribute('aria-pressed', Boolean(mode));
  find('.compared').textContent = mode ? COMPARED[mode] : '';
  find('.compared').hidden = !mode;
  compareButton.title = `${mode ? COMPARED[mode] : 'Compare: before and after, layout and photo'} (C)`;
  if (!mode) return;
  nameSides();
  divider.setAttribute('aria-label', `Divider between ${SIDES[mode].join(' and ')}`);
  other.classList.toggle('exact', mode === 'layout');
  split();
  paintOther();
}

/** What lies on both sides of the divider: away from the photo's end it is a moment of the path. */
function nameSides() {
  if (!comparing) return;
  [find('.one').textContent, find('.two').textContent] = [SIDES[comparing][0], moment || SIDES[comparing][1]];
}

/** off -> before and after, if there is a before -> layout and photo -> off */
function nextComparison() {
  if (!photo()) return;
  if (!comparing) compare(before() && before() !== now ? 'before' : 'layout');
  else compare(comparing === 'before' ? 'layout' : null);
}

function split() {
  other.style.clipPath = `inset(0 ${100 * (1 - divider.value)}% 0 0)`;
}

function paintOther() {
  if (!comparing || !element.isConnected) return;
  if (comparing === 'layout') {
    drawOther(document.querySelector('#painter canvas.ids'));
    return setTimeout(paintOther, 200); // strokes go on
  }
  picture.onload = () => comparing === 'before' && drawOther(picture);
  picture.src = before();
}

function drawOther(source) {
  if (!source || !source.width) return;
  if (other.width !== source.width) other.width = source.width;
  if (other.height !== source.height) other.height = source.height;
  other.getContext('2d').drawImage(source, 0, 0);
}

divider.addEventListener('input', split);
compareButton.addEventListener('click', nextComparison);
document.addEventListener('keydown', (event) => {
  if (!element.isConnected || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('#painter[inert]')) return;
  if (event.target.closest('textarea, select, dialog, [contenteditable], input:not([type=range]):not([type=checkbox])')) return;
  if (event.key.toLowerCase() === 'c') nextComparison();
  else if (event.key === 'Escape' && comparing) compare(null);
});

// ---- what is shown ---------------------------------------------------------------------------------

function showDraft() {
  find('.draft').textContent = props.draft;
  find('.draft').hidden = !props.draft;
}

/** What can be used of the bar, and what an empty pane says. */
function useWhatIs() {
  find('.begin').hidden = Boolean(photo()) || !props.empty;
  compareButton.disabled = !photo();
  range.disabled = playButton.disabled = !hasPath();
}

/** Another picture is here. */
function follow() {
  if (photo() === now) return;
  now = photo();
  showComputing(false);
  useWhatIs();
  if (!now && comparing) compare(null);
  wait();
  setTimeout(() => {
    if (props.draft || now === settled) return; // whether it is a draft comes with it, in no order
    earlier = settled;
    settled = now;
    if (comparing === 'before') paintOther();
  }, 100);
}

new MutationObserver(follow).observe(element.closest('#result'), {
  subtree: true, childList: true, attributes: true, attributeFilter: ['src'],
});
watch('value', load);
watch('draft', showDraft);
watch('empty', useWhatIs);
watch('labelled', () => {
  useWhatIs();
  if (!props.labelled) return wait();
  wanted = null; // what was asked for does not come
  playsNext = false;
  showComputing(false);
  if (!film) empty();
});
watch('before', () => comparing === 'before' && paintOther());
showDraft();
useWhatIs();
load();
follow();
