// The player holds every frame as a bitmap, so that moving along the path asks the server nothing.
// props: value {times, frames: [{url}]} or null, hint (said while there is none).

const SWEEP = 2500; // milliseconds from one end to the other
const PLAY = 'M7 4.500v15l12-7.500z', PAUSE = 'M7 4.500h3.500v15H7zM13.500 4.500H17v15h-3.500z';
const find = (selector) => element.querySelector(selector);
const canvas = find('canvas'), context = canvas.getContext('2d');
const range = find('.at'), playButton = find('.play'), loopButton = find('.loop'), empty = find('.empty');

let frames = [], times = [];
let playing = null; // {from, start, direction} while it runs
let version = 0;

function show() {
  if (!frames.length) return;
  const i = Number(range.value);
  context.drawImage(frames[i], 0, 0);
  find('.t').textContent = 't = ' + times[i].toFixed(2);
}

function stop() {
  playing = null;
  find('.icon').setAttribute('d', PLAY);
  playButton.setAttribute('aria-label', 'Play');
}

function play() {
  const last = frames.length - 1;
  const from = Number(range.value);
  playing = { from: from === last ? 0 : from, start: null, direction: 1 };
  find('.icon').setAttribute('d', PAUSE);
  playButton.setAttribute('aria-label', 'Pause');
  requestAnimationFrame(tick);
}

function tick(now) {
  if (!playing || !element.isConnected) return;
  const last = frames.length - 1;
  if (playing.start === null) playing.start = now;
  const moved = ((now - playing.start) / SWEEP) * last;
  const i = Math.round(Math.min(last, Math.max(0, playing.from + playing.direction * moved)));
  if (i !== Number(range.value)) {
    range.value = i;
    show();
  }
  if (i === (playing.direction > 0 ? last : 0)) {
    if (loopButton.getAttribute('aria-pressed') !== 'true') return stop();
    playing = { from: i, start: now, direction: -playing.direction };
  }
  requestAnimationFrame(tick);
}

async function load() {
  const mine = ++version;
  stop();
  const value = props.value;
  let bitmaps = [];
  if (value && value.frames.length) {
    bitmaps = await Promise.all(value.frames.map(async (f) => createImageBitmap(await (await fetch(f.url)).blob())));
    if (mine !== version) return;
  }
  frames.forEach((f) => f.close());
  frames = bitmaps;
  times = value ? value.times : [];
  const none = !frames.length;
  for (const control of [range, playButton, loopButton]) control.disabled = none;
  range.max = Math.max(0, frames.length - 1);
  range.value = 0;
  empty.hidden = !none;
  empty.textContent = props.hint;
  if (none) {
    find('.t').textContent = '';
    context.clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  canvas.width = frames[0].width;
  canvas.height = frames[0].height;
  show();
  if (!matchMedia('(prefers-reduced-motion: reduce)').matches) play(); // once, to show what it is
}

range.addEventListener('input', () => {
  stop();
  show();
});
playButton.addEventListener('click', () => (playing ? stop() : play()));
loopButton.addEventListener('click', () => {
  const on = loopButton.getAttribute('aria-pressed') !== 'true';
  loopButton.setAttribute('aria-pressed', on);
  if (on && !playing) play();
});
watch(['value', 'hint'], load);
load();
