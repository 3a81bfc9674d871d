// The table of classes. props: value [{id, name, color, mirror}], the background first; with `typed` where somebody
// changed the table, and `shown` where the canvas has another name than the palette. event: 'input' after each change.

const list = element.querySelector('.rows'), add = element.querySelector('.add');
let rows = [], isTyped = false;
let loaded = ''; // what Python set last, as JSON: when it sets that again, what was typed since stays

function node(tag, properties, ...children) {
  const item = Object.assign(document.createElement(tag), properties);
  item.append(...children);
  return item;
}

const keep = () => (props.value = rows.map((row) => ({ ...row, typed: true })));

function tell() {
  isTyped = true;
  keep();
  trigger('input');
}

/** A colour that no class has, far along the circle of hues from the last. */
function newColor() {
  const taken = new Set(rows.map((row) => row.color.toLowerCase()));
  for (let i = rows.length; ; i++) {
    const hue = (i * 137.5) % 360, light = 40 + 12 * (i % 3);
    const part = (n) => {
      const k = (n + hue / 30) % 12;
      return Math.round(2.55 * (light - 0.65 * Math.min(light, 100 - light) * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
    };
    const color = '#' + [0, 8, 4].map((n) => part(n).toString(16).padStart(2, '0')).join('');
    if (!taken.has(color)) return color;
  }
}

/** A mirror class names its partner, which names it. */
function setMirror(row, name) {
  for (const other of rows) if (other !== row && (other.mirror === row.name || other.name === row.mirror)) other.mirror = '';
  row.mirror = name;
  const partner = rows.find((other) => other.name === name);
  if (partner) {
    for (const other of rows) if (other !== row && other.mirror === name) other.mirror = '';
    partner.mirror = row.name;
  }
}

function rename(row, name) {
  for (const other of rows) if (row.name && other.mirror === row.name) other.mirror = name;
  row.name = name;
}

const plainName = (row, text) => (row.shown && text === row.shown ? row.raw : text); // of the palette
const shownName = (row) => (row.shown && row.name === row.raw ? row.shown : row.name);

function move(i, by) {
  [rows[i], rows[i + by]] = [rows[i + by], rows[i]];
  show();
  tell();
  list.children[i + by].querySelector(by < 0 ? '.up' : '.down').focus();
}

function rowOf(row, i) {
  const color = node('input', { type: 'color', value: row.color, title: 'Colour of the class' });
  color.addEventListener('change', () => ((row.color = color.value), tell()));
  const name = node('input', { type: 'text', value: shownName(row), placeholder: 'name', maxLength: 60 });
  name.setAttribute('aria-label', 'Name of the class');
  name.addEventListener('input', () => (rename(row, plainName(row, name.value.trim())), offerMirrors(), tell()));
  const mirror = node('select', { title: 'The class that a mirror image makes of it' });
  mirror.addEventListener('change', () => (setMirror(row, mirror.value), offerMirrors(), tell()));
  const button = (text, title, className, disabled, act) => {
    const item = node('button', { type: 'button', textContent: text, title, className, disabled });
    item.setAttribute('aria-label', title);
    item.addEventListener('click', act);
    return item;
  };
  color.setAttribute('aria-label', color.title);
  mirror.setAttribute('aria-label', mirror.title);
  return node('li', {}, color, name, mirror,
    button('↑', i ? 'Move up' : 'Move up (the first class is the background)', 'up', !i, () => move(i, -1)),
    button('↓', 'Move down', 'down', i === rows.length - 1, () => move(i, 1)),
    button('✕', 'Remove', 'remove', rows.length < 2, () => {
      setMirror(row, '');
      rows.splice(i, 1);
      show();
      tell();
    }));
}

/** Every row offers the others. The rows stay as they are: one of their fields has the focus. */
function offerMirrors() {
  [...list.querySelectorAll('select')].forEach((select, i) => {
    const others = rows.filter((other) => other !== rows[i] && other.name);
    select.replaceChildren(
      node('option', { value: '', textContent: 'no mirror class' }),
      ...others.map((other) => node('option', { value: other.name, textContent: '⇄ ' + shownName(other) })));
    select.value = rows[i].mirror || '';
  });
}

function show() {
  list.replaceChildren(...rows.map(rowOf));
  offerMirrors();
}

function load() {
  rows = (props.value || []).map(({ typed, ...row }) => ({ raw: row.name, ...row }));
  isTyped = (props.value || []).some((row) => row.typed);
  show();
}

function loadFromPython() {
  if (props.value?.some((row) => row.typed)) return; // it is the table's own
  const before = loaded;
  loaded = JSON.stringify(props.value);
  if (isTyped && loaded === before) keep();
  else load();
}

add.addEventListener('click', () => {
  rows.push({ id: null, name: '', color: newColor(), mirror: '' });
  show();
  tell();
  list.lastElementChild.querySelector('input[type=text]').focus();
});
watch('value', loadFromPython);
loaded = JSON.stringify(props.value);
load();
