// The selection: a click takes the connected region of one class, here or in the photo; Shift (or the bar's plus) adds,
// Alt takes away. A small bar beside it offers what can be done with it. It is no part of the layout: only what is done
// with it is an undo step. The page's own script reads and sets it by events of the document (app/web/hands.js).

const bar = find('.bar');
let selected = null; // mask, or null
let side = 0; // where the last click was, from the left: with symmetry its side gets the class
let adding = false; // the bar's plus: clicks add without Shift

const edgeStep = () => Math.max(1, Math.round(Math.max(W, H) / 128)); // pixels of one Grow, Shrink or Smooth
const everyPixel = (mask, call) => mask.forEach((inside, i) => inside && call(i));

function setSelected(mask) {
  endVisit();
  if (mask && !mask.includes(1)) mask = null;
  selected = mask;
  if (!mask) adding = false;
  showSelection();
}

function dropSelection() {
  if (selected) setSelected(null);
}

/** A click at a point: how is 'set', 'add' or 'remove'. */
function selectAt(at, how) {
  const id = idAt(at);
  if (id === null || floating) return;
  const x = Math.floor(at[0]), y = Math.floor(at[1]);
  const region = regionAt(x, y);
  side = x;
  if (symmetry && idAt([W - 1 - x, y]) === mirrorOf[id]) {
    everyPixel(regionAt(W - 1 - x, y), (i) => (region[i] = 1));
  }
  if (how === 'remove') setSelected(selected && selected.map((inside, i) => (region[i] ? 0 : inside)));
  else if (how === 'add' && selected) setSelected(selected.map((inside, i) => inside | region[i]));
  else setSelected(region);
}

/** The page's chosen region: that of a click, else the largest class of what is selected. */
function tellChosen(at = null) {
  if (!selected) return;
  const areas = new Uint32Array(256);
  everyPixel(selected, (i) => areas[ids[i]]++);
  const clicked = at && Math.floor(at[1]) * W + Math.floor(at[0]), largest = areas.indexOf(Math.max(...areas));
  const i = at && selected[clicked] ? clicked : ids.findIndex((id, j) => selected[j] && id === largest);
  const points = [[((i % W) + 0.5) / W, (Math.floor(i / W) + 0.5) / H]];
  document.dispatchEvent(new CustomEvent('semflow:region', { detail: { act: 'follow', points } }));
}

/** The page has chosen a class: it is selected, with its mirror class. */
function selectClass({ detail: { id } }) {
  if (!element.isConnected || stroke) return;
  if (floating) putDown();
  setSelected(ids.map((other) => (other === id || other === mirrorOf[id] ? 1 : 0)));
}

const howOf = (event) => (event.altKey ? 'remove' : event.shiftKey || adding ? 'add' : 'set');

// ---- what is done with it --------------------------------------------------------------------------

/** Change the layout: one undo step. */
function changeLayout(change) {
  if (!selected || stroke) return;
  trigger('begin');
  const before = ids;
  selections.set(before, selected);
  ids = ids.slice();
  change();
  finish(before);
  showSelection();
}

function fillSelection() {
  changeLayout(() => {
    const span = painter(current, [side, 0]);
    everyPixel(selected, (i) => span(Math.floor(i / W), i % W, i % W));
  });
}

/** Its place is filled by what surrounds it (hole.js); a whole layout becomes background. */
function eraseSelection() {
  changeLayout(() => {
    ids = takeAway(ids, selected, W, H, props.background, isPaired, isBehind).ids;
  });
  dropSelection();
}

function liftSelection() {
  if (!selected) return;
  const selection = { mask: selected, tool }, { mask } = selection;
  useTool('move');
  setSelected(null);
  trigger('begin');
  if (!liftAgain(mask)) {
    const { ids: under, enclosed, front } = takeAway(ids, mask, W, H, props.background, isPaired, isBehind);
    float(mask, under, ids, front, enclosed);
  }
  floating.selection = selection;
}

/** A tool by its key or button. With a selection, Move lifts it at once. */
function takeTool(name) {
  if (name === 'move' && selected && !stroke) liftSelection();
  else useTool(name);
}

function selectedClasses() {
  const some = new Set();
  if (selected) everyPixel(selected, (i) => some.add(ids[i]));
  return some;
}

/** Its classes wherever they are. */
function selectClasses() {
  const some = selectedClasses();
  setSelected(ids.map((id) => (some.has(id) ? 1 : 0)));
}

/**
 * What concerns the photo: one pixel of each class in the selection, as shares of the layout's sides. It is an undo step
 * that changes no pixel: undoing it is the page's.
 */
function tellPage(act, more = {}) {
  if (!props.model) return; // a photo that is labelled stays as it was taken
  const points = new Map();
  everyPixel(selected, (i) => points.has(ids[i]) || points.set(ids[i], [((i % W) + 0.5) / W, (Math.floor(i / W) + 0.5) / H]));
  rememberAside();
  document.dispatchEvent(new CustomEvent('semflow:region', { detail: { act, points: [...points.values()], ...more } }));
}

/** The picker starts at the selection's mean colour in the photo, or at its class's where there is no photo. */
function pickFrom(field) {
  if (!selected) return;
  const look = { mask: selected, W, H, color: '' };
  document.dispatchEvent(new CustomEvent('semflow:look', { detail: look }));
  field.value = look.color || classOf.get(ids[selected.indexOf(1)])?.color || field.value;
}

const SELECTION = {
  fill: fillSelection,
  erase: eraseSelection,
  lift: liftSelection,
  reroll: () => tellPage('reroll'),
  lock: () => tellPage('lock'),
  copy: copySelection,
  classes: selectClasses,
  invert: () => {
    setSelected(invertMask(selected));
    tellChosen();
  },
  grow: () => setSelected(growMask(selected, W, H, edgeStep())),
  shrink: () => setSelected(shrinkMask(selected, W, H, edgeStep())),
  smooth: () => setSelected(smoothMask(selected, W, H, edgeStep())),
  add: () => {
    adding = !adding;
    showSelection();
  },
  drop: dropSelection,
};

// ---- showing it ------------------------------------------------------------------------------------

/** Whether all that is selected is locked, with the classes on the other side of the axis, which go with it. */
function showLock() {
  const some = [...selectedClasses()].flatMap((id) => [id, mirrorOf[id]]);
  const locked = some.length > 0 && some.every((id) => props.locked?.includes(id));
  const button = bar.querySelector('[data-select=lock]');
  button.setAttribute('aria-pressed', locked);
  button.setAttribute('aria-label', locked ? 'Unlock' : 'Lock');
}

function showSelection() {
  const outline = selected ? maskOutline(selected, W, H) : '';
  find('.ants').setAttribute('d', outline);
  bar.querySelector('[data-select=add]').setAttribute('aria-pressed', adding);
  showLock();
  for (const button of element.querySelectorAll('[data-do=paste]')) button.disabled = !cut;
  if (!barStays) placeBar();
  bar.hidden = !selected;
  document.dispatchEvent(new CustomEvent('semflow:selected', { detail: { outline, W, H } }));
}

// ---- the photo's pane ------------------------------------------------------------------------------

/** A click in the photo, at shares of its sides. */
function selectInPhoto({ detail: { at: [x, y], shiftKey, altKey } }) {
  if (!element.isConnected || stroke) return;
  if (floating) putDown();
  selectAt([x * W, y * H], howOf({ shiftKey, altKey }));
  if (altKey) tellChosen(); // a region that is taken away is chosen no longer
}

/** What is at a place of the photo: `detail.name` is set. */
function nameInPhoto({ detail }) {
  if (element.isConnected) detail.name = nameAt([detail.at[0] * W, detail.at[1] * H]);
}

let named = { ids: null, mask: null, text: '' }; // the region that was named last

/** The class at a point and how much of the layout its region covers: "hair · 12 %"; "" outside. */
function nameAt(at) {
  const c = classOf.get(idAt(at));
  if (!c) return '';
  if (stroke) return c.name; // its size changes while it is drawn
  const i = Math.floor(at[1]) * W + Math.floor(at[0]);
  if (named.ids !== ids || !named.mask[i]) {
    const mask = regionMask(ids, W, H, i % W, Math.floor(i / W));
    const share = (100 * mask.reduce((sum, inside) => sum + inside, 0)) / mask.length;
    named = { ids, mask, text: `${c.name} · ${share < 10 ? share.toFixed(1) : Math.round(share)} %` };
  }
  return named.text;
}
