// The canvas as the browser keeps it (widgets/keeper), with the steps that can be undone, and its way back.

let comesBack = null; // a kept canvas that this one does not show yet: it is another model's

const withSigns = (layout) => ({ ids: layout, aside: asides.has(layout), landing: landings.get(layout) });
const takeSteps = (steps) => steps.map(({ ids: step, aside, landing: number }) => {
  if (aside) asides.add(step);
  if (number !== undefined) landings.set(step, number);
  return step;
});

/** What is kept; a region that floats counts as put down, and a stroke under way as finished. */
function keptCanvas() {
  const before = floating ? floating.before : stroke && stroke.before;
  const begun = before && before.some((v, i) => v !== ids[i]);
  const steps = begun ? [...undo, before.slice()] : undo;
  return { model: props.model, W, H, ids: ids.slice(), landing, undo: steps.map(withSigns), redo: begun ? [] : redo.map(withSigns), busy: Boolean(stroke), hand: keptHand() };
}

/** What is in the hand: the class, the tool and the brush. */
function keptHand() {
  return { id: current, tool: tool === 'pick' ? toolBeforePick : tool, size: Number(sizeInput.value), shape: brushShape };
}

function takeHand({ id, tool: name, size, shape: brush }) {
  if (classOf.has(id)) choose(id);
  if (name !== 'pick' && Object.hasOwn(TOOLS, name)) useTool(name);
  if (brush === 'round' || brush === 'square') setBrushShape(brush);
  if (size > 0) sizeInput.value = size; // the slider keeps to its bounds
  showSize();
}

function tellKeeper() {
  document.dispatchEvent(new CustomEvent('semflow:canvas', { detail: keptCanvas }));
}

/** A kept canvas comes back: at once if it is this model's, else when Python has set its model and its layout. */
function bringBack({ detail }) {
  comesBack = detail;
  for (const [model, { W: width, H: height, ids: layout, undo: before, redo: after }] of detail.others || []) {
    histories.set(model, { W: width, H: height, ids: layout, undo: takeSteps(before), redo: takeSteps(after) });
  }
  if (detail.model !== props.model) return;
  version++; // what is on its way, to Python and from it, is older
  loads++;
  showKept();
}

/** It cannot come back: the canvas is what Python says it is. */
function dropKept() {
  comesBack = null;
  isOutdated = true; // what was shown is no history of this canvas
  load();
}

/** Whether a layout from Python is the one that comes back. */
function isKept(picture) {
  return comesBack && comesBack.model === props.model && isSame(picture, comesBack);
}

const isSame = (a, b) => a.W === b.W && a.H === b.H && a.ids.every((v, i) => v === b.ids[i]);

function showKept() {
  const { W: width, H: height, ids: layout, landing: number = 0, undo: before, redo: after, hand = {} } = comesBack;
  comesBack = null;
  isOutdated = false;
  photoNumber = '';
  if (width !== W || height !== H) resize(width, height);
  dropSelection();
  shownModel = props.model;
  floating = null;
  landing = number;
  ids = layout.slice();
  undo = takeSteps(before);
  redo = takeSteps(after);
  showHistory();
  redraw();
  useClassesOf(ids);
  takeHand(hand);
}
