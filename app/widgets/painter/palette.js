// The palette: every class by name and group, a search, and for long palettes the few classes in use on top.

const LONG = 40; // a palette of more classes begins with its groups closed
const IN_USE = 10; // as many as there are number keys
const palette = find('.palette'), classList = find('.classes'), finder = find('.find'), inUse = find('.in-use');

let classes = [], mirrors = [], classOf = new Map(); // class id -> {id, name, hint, color, group}
let mirrorOf = new Uint8Array(256); // class id -> its class on the other side of the axis
let current = 0;
let used = []; // long palettes: [{id, at}], at counts up, so that the one unused for longest gives up its place
let uses = 0;

const isLong = () => classes.length > LONG;

/** The classes that the number keys choose, in order. */
function classesByNumber() {
  return isLong() ? used.map(({ id }) => classOf.get(id)) : classes.slice(0, 10);
}

function node(tag, properties = {}, ...children) {
  const item = Object.assign(document.createElement(tag), properties);
  item.append(...children);
  return item;
}

function classButton(c, role) {
  const swatch = node('i', { className: 'swatch' });
  swatch.style.background = c.color;
  const button = node('button', { type: 'button', title: c.hint || c.name }, swatch, node('span', { textContent: c.name }), node('kbd'));
  button.setAttribute(...role);
  button.addEventListener('click', () => choose(c.id));
  return button;
}

function buildPalette() {
  if (classes.length && JSON.stringify([classes, mirrors]) === JSON.stringify([props.classes, props.mirror])) return; // the choice stays
  [classes, mirrors] = [props.classes, props.mirror];
  classOf = new Map(classes.map((c) => [c.id, c]));
  mirrorOf = Uint8Array.from({ length: 256 }, (_, id) => id);
  for (const [a, b] of props.mirror) [mirrorOf[a], mirrorOf[b]] = [b, a];
  find('[data-do=mirror]').hidden = !props.mirror.length;
  if (!props.mirror.length) setSymmetry(false);
  for (const c of classes) {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(c.color.slice(at, at + 2), 16));
    colors[c.id] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // little-endian RGBA
  }
  palette.classList.toggle('long', isLong());
  used = [];
  inUse.hidden = !isLong();
  finder.value = '';
  const groups = new Map();
  for (const c of classes) groups.set(c.group, [...(groups.get(c.group) || []), c]);
  classList.replaceChildren(...[...groups].map(([name, members]) => {
    const heading = node(isLong() ? 'button' : 'span', { className: 'heading', textContent: name });
    if (isLong()) {
      heading.type = 'button';
      heading.setAttribute('aria-expanded', false);
      heading.addEventListener('click', () => {
        heading.setAttribute('aria-expanded', heading.getAttribute('aria-expanded') === 'false');
      });
    }
    const buttons = members.map((c) => {
      const button = classButton(c, ['role', 'radio']);
      button.dataset.id = c.id;
      return button;
    });
    const group = node('div', { className: 'group' }, heading, node('div', { className: 'members' }, ...buttons));
    group.setAttribute('role', 'presentation');
    return group;
  }));
  classList.scrollTo(0, 0);
  choose((classes.find((c) => c.id !== props.background) || classes[0]).id);
}

function choose(id) {
  current = id;
  if (isLong()) noteUse(id);
  showChoice();
  if (tool === 'eraser') useTool('brush');
  else if (tool === 'pick') useTool(toolBeforePick);
  tellKeeper();
}

function noteUse(id) {
  const entry = { id, at: ++uses };
  const known = used.findIndex((u) => u.id === id);
  const oldest = used.reduce((best, u, i) => (u.at < used[best].at ? i : best), 0);
  if (known >= 0) used[known] = entry; // places hold still, so that number keys keep their meaning
  else if (used.length < IN_USE) used.push(entry);
  else used[oldest] = entry;
}

/** A long palette starts with the classes that the first layout has, the largest first. */
function useClassesOf(layout) {
  if (!isLong() || used.length > 1) return;
  const counts = new Map();
  for (const id of layout) counts.set(id, (counts.get(id) || 0) + 1);
  const largest = [...counts].filter(([id]) => classOf.has(id)).sort((a, b) => b[1] - a[1]).slice(0, IN_USE - 1);
  for (const [id] of largest) noteUse(id);
  showChoice();
}

/** The class that the chosen tool paints. */
function paintedClass() {
  return tool === 'eraser' || erasing ? props.background : current;
}

function showChoice() {
  if (!classes.length) return;
  if (isLong()) {
    inUse.querySelector('div').replaceChildren(...classesByNumber().map((c) => classButton(c, ['aria-pressed', c.id === current])));
  }
  const buttons = [...classList.querySelectorAll('[data-id]')];
  for (const button of buttons) {
    const chosen = Number(button.dataset.id) === current;
    button.setAttribute('aria-checked', chosen);
    button.tabIndex = chosen ? 0 : -1; // one stop for the Tab key; arrow keys go on from it
  }
  const numberButtons = isLong() ? [...inUse.querySelectorAll('button')] : buttons;
  numberButtons.slice(0, 10).forEach((button, i) => {
    const key = String((i + 1) % 10);
    button.querySelector('kbd').textContent = key;
    button.setAttribute('aria-keyshortcuts', key);
  });
  const { name, color } = classOf.get(paintedClass());
  find('.chosen-name').textContent = name;
  find('.chosen .swatch').style.background = color;
  stage.style.setProperty('--chosen', color);
}

// ---- search ----------------------------------------------------------------------------------------

/** Every typed word must begin a word of the class's name or group. */
function search() {
  const words = finder.value.toLowerCase().split(/\s+/).filter(Boolean);
  palette.classList.toggle('searching', words.length > 0);
  for (const group of classList.children) {
    for (const button of group.querySelectorAll('[data-id]')) {
      const c = classOf.get(Number(button.dataset.id));
      const text = ' ' + [c.name, c.group].join(' ').toLowerCase().replace(/[^a-z0-9]+/g, ' ');
      button.hidden = !words.every((word) => text.includes(' ' + word));
    }
    group.hidden = !group.querySelector('[data-id]:not([hidden])');
  }
  find('.nothing-found').hidden = classList.querySelector('.group:not([hidden])') !== null;
}

function searchKey(event) {
  if (event.isComposing) return; // the Enter that ends a word of an input method
  const first = classList.querySelector('[data-id]:not([hidden])');
  if (event.key === 'Enter' && first) choose(Number(first.dataset.id));
  if (event.key === 'Enter' || event.key === 'Escape') {
    event.preventDefault();
    finder.value = '';
    search();
    canvas.focus({ preventScroll: true });
  } else if (event.key === 'ArrowDown' && first) {
    event.preventDefault();
    first.focus();
  }
}

/** Arrow keys inside a group of buttons that is one stop for the Tab key; a class is chosen as it is reached. */
function walk(event) {
  const by = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
  const buttons = [...event.currentTarget.querySelectorAll('button')].filter((b) => b.offsetParent);
  const at = buttons.indexOf(event.target);
  if (!by || at < 0) return;
  event.preventDefault();
  const next = buttons[(at + by + buttons.length) % buttons.length];
  next.focus();
  if (next.dataset.id) choose(Number(next.dataset.id));
}

let touched = null; // the class or tool on which a finger is down

/**
 * A finger chooses a class or a tool as soon as it is up. While a browser is busy, as right after a stroke, it may take
 * the tap for another gesture's and give no click. A finger that scrolls is taken away, and chooses nothing.
 */
function touchChoice(event) {
  if (event.pointerType !== 'touch') return;
  const button = event.target.closest('[data-id], [data-tool]'), before = touched;
  touched = event.type === 'pointerdown' ? button : null;
  if (event.type === 'pointerup' && button && button === before) button.click();
}
