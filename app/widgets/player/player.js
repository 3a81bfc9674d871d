// The player holds every frame as a bitmap, so that moving along the path asks the server nothing.
// props: value {request, places, views {name: [{url}]}, timelines {name: [index]}, ends, predictable} or null,
// hint (said while there is none).
// events: 'predict' {request} for views that are not there yet, 'save' {request, view, timeline, there_and_back,
// seconds, format}.

const SWEEP = 2500; // milliseconds from one end to the other
const PLAY = 'M7 4.500v15l12-7.500z', PAUSE = 'M7 4.500h3.500v15H7zM13.500 4.500H17v15h-3.500z';
const find = (selector) => element.querySelector(selector);
const canvas = find('canvas'), context = canvas.getContext('2d');
const range = find('.at'), playButton = find('.play'), empty = find('.empty'), options = find('.options');
const repeat = find('.repeat'), speed = find('.speed'), timeline = find('.timeline'), view = find('.view');

let film = null; // props.value with bitmaps instead of files
let shown = []; // indices of the pictures in the timeline
let playing = null; // {from, start, direction} while it runs
let version = 0, nextView = null; // nextView: the view that the server is computing

function show() {
  if (!film) return;
  const i = shown[Number(range.value)];
  context.drawImage(film.views[view.value][i], 0, 0);
  const place = film.predictable ? 't = ' + film.places[i].toFixed(2) : Math.round(100 * film.places[i]) + ' %';
  find('.t').textContent = place;
  range.setAttribute('aria-valuetext', place);
}

function stop() {
  playing = null;
  find('.icon').setAttribute('d', PLAY);
  playButton.setAttribute('aria-label', 'Play');
}

function play() {
  const last = shown.length - 1;
  const from = Number(range.value);
  playing = { from: from === last ? 0 : from, start: null, direction: 1 };
  find('.icon').setAttribute('d', PAUSE);
  playButton.setAttribute('aria-label', 'Pause');
  requestAnimationFrame(tick);
}

function seconds() {
  return SWEEP / 1000 / Number(speed.value);
}

function tick(now) {
  if (!playing || !element.isConnected) return;
  const last = shown.length - 1;
  if (playing.start === null) playing.start = now;
  const moved = ((now - playing.start) / 1000 / seconds()) * last;
  const i = Math.round(Math.min(last, Math.max(0, playing.from + playing.direction * moved)));
  if (i !== Number(range.value)) {
    range.value = i;
    show();
  }
  if (i === (playing.direction > 0 ? last : 0)) {
    if (repeat.value === 'once') return stop();
    if (repeat.value === 'loop') playing = { from: 0, start: now, direction: 1 };
    else playing = { from: i, start: now, direction: -playing.direction };
  }
  requestAnimationFrame(tick);
}

/** The slider and its marks for the chosen timeline, at the place where it was. */
function useTimeline() {
  const place = shown.length ? film.places[shown[Number(range.value)]] ?? 0 : 0;
  shown = film.timelines[timeline.value];
  range.max = shown.length - 1;
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

async function load() {
  const mine = ++version;
  stop();
  const value = props.value;
  let next = null;
  if (value) {
    const views = {};
    for (const [name, files] of Object.entries(value.views)) views[name] = await bitmaps(files);
    if (mine !== version) return;
    next = { ...value, views };
  }
  if (film) Object.values(film.views).flat().forEach((b) => b.close());
  const again = film && next && nextView && next.views[nextView]; // the same film with more views
  film = next;
  for (const control of [range, playButton]) control.disabled = !film;
  options.hidden = !film;
  empty.hidden = !!film;
  empty.textContent = props.hint;
  if (!film) {
    nextView = null;
    view.value = 'path';
    shown = [];
    range.max = range.value = 0;
    find('.t').textContent = '';
    find('.marks').replaceChildren();
    context.clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  view.hidden = !film.predictable;
  view.value = again ? nextView : 'path';
  nextView = null;
  timeline.hidden = !film.timelines.own;
  if (timeline.hidden) timeline.value = 'even';
  [find('.left').textContent, find('.right').textContent] = film.ends;
  range.setAttribute('aria-label', 'Position between ' + film.ends.join(' and '));
  canvas.width = film.views.path[0].width;
  canvas.height = film.views.path[0].height;
  if (!again) {
    shown = [];
    range.value = 0;
  }
  useTimeline();
  if (!again && !matchMedia('(prefers-reduced-motion: reduce)').matches) play(); // once, to show what it is
}

range.addEventListener('input', () => {
  stop();
  show();
});
playButton.addEventListener('click', () => (playing ? stop() : play()));
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
  nextView = view.value;
  view.value = 'path'; // until it is there
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
watch(['value', 'hint'], load);
load();
