// The pad. props: value [a, b, c] in -1..1 or null (no region chosen), with a fourth number, 1, where a hand moved it
// there, region (its name), names (of the three), released [a, b, c, when]: where the handle was let go last, as the
// server knows it, ends [[name, colour], [name, colour]] of each number, at -1 and 1, or none, note (a sentence below, or
// "").
// events: 'begin' when a drag starts, 'input' while it goes on, 'release' when it ends.

const find = (selector) => element.querySelector(selector);
const field = find('.field'), dot = find('.dot'), axes = [...element.querySelectorAll('.axes input')];
const INSET = 0.06; // margin, as a share of the field's side: the handle stays inside at -1 and 1
let handle = [0, 0, 0];
let dragging = false;
let pressed = false; // a key, on one of the sliders
let owed = null; // {region, until}: a handle that was let go and that the server has not answered for yet

/** What the pad's value is by the server or by hand, without the mark. */
const numbers = () => props.value?.slice(0, 3);
const clamp = (x) => Math.min(1, Math.max(-1, x));
const percent = (x) => 100 * (INSET + ((x + 1) / 2) * (1 - 2 * INSET)) + '%';

function show() {
  dot.style.left = percent(handle[0]);
  dot.style.top = percent(handle[1]);
  axes.forEach((axis, i) => (axis.value = handle[i]));
}

/** Whether the server's answer is to an earlier position of the handle than it has now. */
function isOvertaken() {
  if (dragging) return true;
  const right = !owed || owed.region !== props.region || performance.now() > owed.until || !props.value;
  const answers = () => props.value.length === 3 && numbers().every((x, i) => Math.abs(x - handle[i]) < 0.005);
  if (right || answers()) owed = null; // what was written here by hand is no answer
  return !!owed;
}

function load() {
  const limits = props.ends || []; // none came yet
  if (isOvertaken()) {
    if (props.value && numbers().some((x, i) => x !== handle[i])) props.value = [...handle, 1];
    return;
  }
  const off = !props.value;
  find('.pad').classList.toggle('off', off);
  axes.forEach((axis, i) => {
    axis.disabled = off;
    const [from, to] = (limits[i] || []).map(([end]) => end);
    axis.setAttribute('aria-label', props.names[i] + (from ? `, from ${from} to ${to}` : '') + (props.region ? ', appearance of ' + props.region : ''));
    const label = axis.parentElement, name = label.querySelector('.name'), ends = limits[i];
    name.textContent = props.names[i];
    name.hidden = Boolean(ends);
    label.querySelectorAll('.end').forEach((end, j) => ends && showEnd(end, ...ends[j]));
  });
  const sides = limits.slice(0, 2).flat();
  field.querySelectorAll('b').forEach((side, i) => (side.textContent = sides[i]?.[0] ?? ''));
  find('.note').textContent = props.note || '';
  find('.note').hidden = off || !props.note;
  handle = numbers() || [0, 0, 0];
  show();
}

/** An end of an axis: its name and its colour. */
function showEnd(end, name, color) {
  const mark = Object.assign(document.createElement('i'), { ariaHidden: 'true' });
  mark.style.background = color;
  end.replaceChildren(mark, name);
}

function grab() {
  if (dragging) return;
  dragging = true;
  trigger('begin');
}

function move(to) {
  handle = to.map((x) => Math.round(clamp(x) * 100) / 100);
  show();
  props.value = [...handle, 1];
  trigger('input');
}

function letGo() {
  if (!dragging) return;
  dragging = false;
  owed = { region: props.region, until: performance.now() + 60_000 }; // a busy server takes long
  props.value = [...handle, 1];
  trigger('release');
}

function place(event) {
  const box = field.getBoundingClientRect();
  const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  return [x, y].map((share) => ((share - INSET) / (1 - 2 * INSET)) * 2 - 1);
}

field.addEventListener('pointerdown', (event) => {
  if (!props.value || event.button > 0) return;
  event.preventDefault();
  field.setPointerCapture(event.pointerId);
  grab();
  move([...place(event), handle[2]]);
});
field.addEventListener('pointermove', (event) => {
  if (dragging && field.hasPointerCapture(event.pointerId)) move([...place(event), handle[2]]);
});
field.addEventListener('pointerup', letGo);
field.addEventListener('pointercancel', letGo);
axes.forEach((axis, i) => {
  axis.addEventListener('input', () => {
    grab();
    move(handle.map((x, j) => (j === i ? Number(axis.value) : x)));
  });
  axis.addEventListener('change', () => pressed || letGo()); // a key that is held is one drag
  axis.addEventListener('keydown', () => (pressed = true));
  for (const type of ['keyup', 'blur']) axis.addEventListener(type, () => {
    pressed = false;
    letGo();
  });
});
watch('released', () => {
  if (props.released.slice(0, 3).every((x, i) => Math.abs(x - handle[i]) < 0.005)) owed = null; // what comes is newer
});
watch(['value', 'region', 'names', 'ends', 'note'], load);
load();
