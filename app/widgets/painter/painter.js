// The painter's start: what the page's controls do, and what changes from Python do. The other files are joined
// before this one, in one scope (painter.py says how).
//
// props: value (packed layout, both ways), model (its name, '' for a photo that is labelled), classes [{id, name, hint, color, group}], mirror [[id, id]]
// (classes that a flip exchanges), background (id), behind [id] (classes behind all that have a mirror partner), photo (URL of a picture under the layout, or ""),
// heat (URL of a partly transparent picture over it, or ""), spots (packed numbers of regions to visit, or ""), landing
// (number of what landed with the value), locked [id] (classes whose look in the photo stays), asides (how many steps it
// got of what was done beside it). events: 'begin' at pointer down (an older request may stop), 'input' when a
// stroke is finished, 'another' when an undo or redo shows a layout of another landing.

const CLICKS = {
  undo: () => step(undo, redo),
  redo: () => step(redo, undo),
  clear,
  mirror: () => setSymmetry(!symmetry),
  'zoom-in': () => zoomBy(1.5),
  'zoom-out': () => zoomBy(1 / 1.5),
  fit,
  help: () => help.showModal(),
  close: closePolygon,
  'drop-corner': dropCorner,
  'drop-polygon': dropPolygon,
  'put-down': finishRegion,
  'drop-region': dropRegion,
  'turn-left': () => turnRegion(-TURN),
  'turn-right': () => turnRegion(TURN),
  paste: () => pasteCut(),
};

for (const button of element.querySelectorAll('[data-do]')) button.addEventListener('click', CLICKS[button.dataset.do]);
for (const button of element.querySelectorAll('[data-tool]')) button.addEventListener('click', () => takeTool(button.dataset.tool));
for (const button of element.querySelectorAll('[data-shape]')) button.addEventListener('click', () => setBrushShape(button.dataset.shape));
for (const button of element.querySelectorAll('[data-fill]')) button.addEventListener('click', () => setFill(button.dataset.fill));
for (const button of element.querySelectorAll('[data-select]')) {
  button.addEventListener('click', () => selected && keepBar(SELECTION[button.dataset.select]));
}
bar.addEventListener('keydown', walk);
bar.querySelector('input').addEventListener('click', ({ target }) => pickFrom(target)); // before the browser opens it
bar.querySelector('input').addEventListener('change', (event) => selected && tellPage('color', { color: event.target.value }));
sizeInput.addEventListener('input', showSize);
coverInput.addEventListener('input', showCover);
finder.addEventListener('input', search);
finder.addEventListener('keydown', searchKey);
classList.addEventListener('keydown', walk);
for (const type of ['pointerdown', 'pointerup', 'pointercancel']) element.addEventListener(type, touchChoice);
find('.tools').addEventListener('keydown', walk);
help.addEventListener('click', (event) => event.target === help && help.close()); // on the backdrop

canvas.addEventListener('pointerdown', pointerDown);
canvas.addEventListener('pointermove', pointerMove);
canvas.addEventListener('pointerup', (event) => pointerUp(event));
canvas.addEventListener('pointercancel', pointerCancel);
canvas.addEventListener('lostpointercapture', (event) => pointerUp(event)); // after the others: what they did not end
canvas.addEventListener('pointerenter', () => stage.classList.add('inside'));
canvas.addEventListener('pointerleave', pointerLeaves);
canvas.addEventListener('focus', () => canvas.matches(':focus-visible') && showCursor());
canvas.addEventListener('blur', () => leaveCursor());
canvas.addEventListener('dblclick', () => tool === 'polygon' && closePolygon());
stage.addEventListener('wheel', turnWheel, { passive: false });
document.addEventListener('keydown', key);
document.addEventListener('copy', takeCopy);
document.addEventListener('cut', takeCopy);
document.addEventListener('paste', takePaste, true); // before what opens files
document.addEventListener('semflow:select', selectInPhoto);
document.addEventListener('semflow:name', nameInPhoto);
document.addEventListener('semflow:class', selectClass);
document.addEventListener('semflow:settle', ({ detail }) => element.isConnected && Object.assign(detail, { settled: settle(), busy: Boolean(stroke) }));
document.addEventListener('semflow:spot', () => element.isConnected && visitSpot());
document.addEventListener('semflow:ask', () => element.isConnected && tellKeeper());
document.addEventListener('semflow:back', bringBack);
document.addEventListener('semflow:refused', dropKept);
document.addEventListener('keyup', releaseSpace);
window.addEventListener('blur', releaseSpace);

watch(['classes', 'mirror'], () => {
  buildPalette();
  isOutdated = true; // ids of other classes are no history of this canvas
  load();
});
const showWhose = () => element.querySelector('.painter').classList.toggle('labelled', !props.model); // web/label.css
watch('model', showWhose);
watch('spots', loadSpots);
watch('locked', showLock);
watch('asides', takeAside);
watch('photo', () => showPhoto(props.photo));
watch('heat', () => showHeat(props.heat));
watch(['value', 'landing'], load);
buildPalette();
useTool('brush');
setBrushShape('round');
setFill('region');
showHistory();
showWhose();
showPhoto(props.photo);
showHeat(props.heat);
loadSpots();
load();
