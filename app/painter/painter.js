// The painter. `ids` is the only truth: the canvas shows it and is never read back, so every pixel is
// exactly one class whatever the screen's pixel ratio.
//
// props: value (packed layout, both ways), classes [{id, name, hint, color, group}], background (id),
// photo (data URL under the mask, or ""), examples [{name, value}].
// events: 'begin' at pointer down (an older request may stop), 'input' when a stroke is finished.

const UNDO_DEPTH = 100;
const PHOTO_COVER = 60; // per cent: a photo that lands shines through its layout
const find = (selector) => element.querySelector(selector);
const canvas = find('canvas.ids'), context = canvas.getContext('2d');
const ring = find('.ring'), outline = find('.outline'), hover = find('.hover'), under = find('.under');
const sizeInput = find('.size'), coverInput = find('.cover');

let W = 0, H = 0, ids = new Uint8Array(0), pixels = null; // pixels: ImageData of the canvas
let colors = new Uint32Array(256), classes = [], current = 0, tool = 'brush';
let undo = [], redo = [];
let stroke = null; // {before, points} while the pointer is down
let version = 0, frame = 0;

// ---- showing ---------------------------------------------------------------------------------------

function draw() {
  frame = 0;
  const out = new Uint32Array(pixels.data.buffer);
  for (let i = 0; i < ids.length; i++) out[i] = colors[ids[i]];
  context.putImageData(pixels, 0, 0);
}

function redraw() {
  if (!frame) frame = requestAnimationFrame(draw); // at most once a screen frame
}

function resize(width, height) {
  W = canvas.width = width;
  H = canvas.height = height;
  pixels = context.createImageData(W, H);
  find('.over').setAttribute('viewBox', '0 0 ' + W + ' ' + H);
  find('.stage').style.aspectRatio = W + ' / ' + H;
}

function showCover() {
  canvas.style.opacity = under.hidden ? 1 : coverInput.value / 100;
  find('.cover-text').textContent = coverInput.value + ' %';
}

function showPhoto(url) {
  under.hidden = !url;
  if (url) under.src = url;
  coverInput.disabled = !url;
  coverInput.value = url ? PHOTO_COVER : 100;
  showCover();
}

function choose(id) {
  current = id;
  for (const button of find('.palette').querySelectorAll('button')) {
    button.setAttribute('aria-checked', Number(button.dataset.id) === id);
  }
  if (tool === 'eraser' || tool === 'pick') useTool('brush');
}

function useTool(name) {
  tool = name;
  for (const button of element.querySelectorAll('[data-tool]')) {
    button.setAttribute('aria-pressed', button.dataset.tool === name);
  }
  ring.style.display = name === 'brush' || name === 'eraser' ? '' : 'none';
}

function buildPalette() {
  classes = props.classes;
  const box = find('.palette');
  box.replaceChildren();
  let group = null;
  classes.forEach((c, i) => {
    const [r, g, b] = [1, 3, 5].map((at) => parseInt(c.color.slice(at, at + 2), 16));
    colors[c.id] = ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0; // little-endian RGBA
    if (c.group !== group) {
      group = c.group;
      box.append(Object.assign(document.createElement('span'), { className: 'group', textContent: group }));
    }
    const key = i < 10 ? String((i + 1) % 10) : '';
    const button = document.createElement('button');
    button.type = 'button';
    button.dataset.id = c.id;
    button.setAttribute('role', 'radio');
    button.title = [c.hint || c.name, key && 'key ' + key].filter(Boolean).join(', ');
    const swatch = Object.assign(document.createElement('i'), { className: 'swatch' });
    swatch.style.background = c.color;
    const name = Object.assign(document.createElement('span'), { textContent: c.name });
    button.append(swatch, name, Object.assign(document.createElement('kbd'), { textContent: key }));
    button.addEventListener('click', () => choose(c.id));
    box.append(button);
  });
  choose((classes.find((c) => c.id !== props.background) || classes[0]).id);
}

async function buildExamples() {
  const buttons = [];
  for (const example of props.examples) {
    const picture = await unpackLabels(example.value);
    const small = Object.assign(document.createElement('canvas'), { width: picture.W, height: picture.H });
    const data = small.getContext('2d').createImageData(picture.W, picture.H);
    new Uint32Array(data.data.buffer).set(Uint32Array.from(picture.ids, (id) => colors[id]));
    small.getContext('2d').putImageData(data, 0, 0);
    const button = document.createElement('button');
    button.type = 'button';
    button.title = 'Start from this layout';
    button.append(small, Object.assign(document.createElement('span'), { textContent: example.name }));
    button.addEventListener('click', () => {
      trigger('begin');
      props.photo = '';
      showPhoto('');
      replace(picture);
      send();
    });
    buttons.push(button);
  }
  find('.examples').replaceChildren(...buttons); // at the end, because two calls may overlap
}

// ---- history and sending ---------------------------------------------------------------------------

function remember(before) {
  undo.push(before);
  if (undo.length > UNDO_DEPTH) undo.shift();
  redo = [];
  showHistory();
}

function showHistory() {
  find('[data-do=undo]').disabled = !undo.length;
  find('[data-do=redo]').disabled = !redo.length;
}

function step(from, to) {
  if (!from.length || stroke) return;
  to.push(ids);
  ids = from.pop();
  trigger('begin');
  showHistory();
  redraw();
  send();
}

/** Another whole layout: an undo step, unless its size is another, which starts a new history. */
function replace(picture) {
  if (picture.W === W && picture.H === H) {
    remember(ids);
  } else {
    resize(picture.W, picture.H);
    undo = redo = [];
    showHistory();
  }
  ids = picture.ids.slice();
  redraw();
}

async function send() {
  const mine = ++version;
  const packed = await packLabels(ids, W, H);
  if (mine !== version) return; // a newer state is on its way
  props.value = packed;
  trigger('input');
}

async function load() {
  if (!props.value) return;
  const mine = ++version;
  const picture = await unpackLabels(props.value);
  if (mine === version && !stroke) replace(picture); // a stroke under way is sent when it ends, and wins
}

// ---- the pointer -----------------------------------------------------------------------------------

/** Pointer position in label pixels. */
function place(event) {
  const box = canvas.getBoundingClientRect();
  return [((event.clientX - box.left) * W) / box.width, ((event.clientY - box.top) * H) / box.height];
}

function radius(event) {
  const full = sizeInput.value / 2;
  return event.pointerType === 'pen' ? Math.max(0.5, full * (0.3 + 0.7 * event.pressure)) : full;
}

function idAt([x, y]) {
  return x >= 0 && y >= 0 && x < W && y < H ? ids[Math.floor(y) * W + Math.floor(x)] : null;
}

function down(event) {
  if (!event.isPrimary || event.button > 0 || stroke) return;
  event.preventDefault();
  canvas.focus({ preventScroll: true });
  const at = place(event), id = idAt(at);
  if (tool === 'pick' || event.altKey) {
    if (id !== null) choose(id);
    return;
  }
  trigger('begin');
  stroke = { before: ids.slice(), points: [at], id: tool === 'eraser' ? props.background : current };
  canvas.setPointerCapture(event.pointerId);
  if (tool === 'fill') {
    if (id !== null) floodFill(ids, W, H, Math.floor(at[0]), Math.floor(at[1]), stroke.id);
    redraw();
  } else {
    move(event);
  }
}

function move(event) {
  const at = place(event);
  ring.setAttribute('cx', at[0]);
  ring.setAttribute('cy', at[1]);
  ring.setAttribute('r', Math.max(0.5, radius(event)));
  const under = idAt(at), named = classes.find((c) => c.id === under);
  hover.textContent = named ? named.name : '';
  if (!stroke || tool === 'fill') return;
  if (tool === 'brush' || tool === 'eraser') {
    // all positions since the last frame, or fast strokes would have corners
    const coalesced = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of coalesced.length ? coalesced : [event]) {
      const to = place(each), from = stroke.points[stroke.points.length - 1];
      capsule(ids, W, H, from[0], from[1], to[0], to[1], radius(each), stroke.id);
      stroke.points.push(to);
    }
    redraw();
  } else {
    stroke.points.push(at);
    const [a] = stroke.points;
    const corners = tool === 'rectangle' ? [a, [at[0], a[1]], at, [a[0], at[1]]] : stroke.points;
    outline.setAttribute('d', 'M' + corners.map((p) => p.join(' ')).join('L') + 'Z');
  }
}

function up() {
  if (!stroke) return;
  const { before, points, id } = stroke;
  stroke = null;
  outline.removeAttribute('d');
  if (tool === 'rectangle') fillRectangle(ids, W, H, points[0], points[points.length - 1], id);
  if (tool === 'lasso') fillPolygon(ids, W, H, points, id);
  redraw();
  if (ids.some((v, i) => v !== before[i])) remember(before);
  send(); // even if nothing changed: 'begin' may have stopped a picture on its way
}

// ---- keys ------------------------------------------------------------------------------------------

const TOOL_KEYS = { b: 'brush', f: 'fill', l: 'lasso', r: 'rectangle', e: 'eraser', i: 'pick' };

function nudgeSize(by) {
  sizeInput.value = Number(sizeInput.value) + by;
  sizeInput.dispatchEvent(new Event('input'));
}

function key(event) {
  const at = event.target;
  const typing = at.closest('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox])');
  if (typing || !element.isConnected) return;
  const name = event.key.toLowerCase();
  if (event.ctrlKey || event.metaKey) {
    if (name !== 'z' && name !== 'y') return;
    event.preventDefault();
    if (name === 'y' || event.shiftKey) step(redo, undo);
    else step(undo, redo);
  } else if (!event.altKey) {
    if (/^[0-9]$/.test(name)) {
      const c = classes[(Number(name) + 9) % 10];
      if (c) choose(c.id);
    } else if (TOOL_KEYS[name]) useTool(TOOL_KEYS[name]);
    else if (name === '[') nudgeSize(-2);
    else if (name === ']') nudgeSize(2);
  }
}

// ---- start -----------------------------------------------------------------------------------------

canvas.addEventListener('pointerdown', down);
canvas.addEventListener('pointermove', move);
canvas.addEventListener('pointerup', up);
canvas.addEventListener('pointercancel', up);
canvas.addEventListener('pointerenter', () => find('.stage').classList.add('inside'));
canvas.addEventListener('pointerleave', () => {
  find('.stage').classList.remove('inside');
  hover.textContent = '';
});
document.addEventListener('keydown', key);
for (const button of element.querySelectorAll('[data-tool]')) {
  button.addEventListener('click', () => useTool(button.dataset.tool));
}
find('[data-do=undo]').addEventListener('click', () => step(undo, redo));
find('[data-do=redo]').addEventListener('click', () => step(redo, undo));
find('[data-do=clear]').addEventListener('click', () => {
  trigger('begin');
  remember(ids);
  ids = new Uint8Array(W * H).fill(props.background);
  redraw();
  send();
});
sizeInput.addEventListener('input', () => {
  find('.size-text').textContent = sizeInput.value;
  ring.setAttribute('r', sizeInput.value / 2);
});
coverInput.addEventListener('input', showCover);

watch('classes', () => {
  buildPalette();
  W = H = 0; // ids of other classes are no history of this canvas
});
watch('examples', buildExamples);
watch('photo', () => showPhoto(props.photo));
watch('value', load);
buildPalette();
buildExamples();
useTool('brush');
showHistory();
showPhoto(props.photo);
load();
