// Copying, cutting and pasting what is selected, also between layouts and windows: a piece travels as a text with its
// classes' names.

let cut = ''; // what was copied last, as a text

/** A copy that another layout, or another window, can take. What lies behind eyes has no holes where these are. */
function keepCopy() {
  const whole = wholeBehind(ids, selected, W, H, isPaired, isBehind);
  cut = writeCut(whole.source, whole.mask, W, H, new Map(classes.map((c) => [c.id, c.name])));
  showSelection();
}

function copySelection() {
  keepCopy();
  document.execCommand('copy'); // calls takeCopy
}

/** What was copied, as a region that floats where it came from. */
function pasteCut(text = cut) {
  const piece = readCut(text, new Map(classes.map((c) => [c.name, c.id])));
  if (!piece || stroke) return;
  if (floating) putDown();
  const from = { x: 0, y: 0, w: piece.W, h: piece.H }, source = new Uint8Array(W * H).fill(OUTSIDE);
  stamp(source, piece.ids, new Uint8Array(piece.ids.length).fill(1), from, { x: 0, y: 0, w: W, h: H }, piece.W, W, H);
  const mask = source.map((id) => (id === OUTSIDE ? 0 : 1));
  if (!mask.includes(1)) return; // too small for this layout
  const selection = { mask: selected, tool };
  useTool('move');
  setSelected(null);
  trigger('begin');
  float(mask, ids, source, inFrontOf(source, mask, ids, isPaired, isBehind));
  floating.selection = selection;
  compose();
  send();
}

/** Ctrl+C and Ctrl+X, where no text is selected or written. */
function takeCopy(event) {
  if (!element.isConnected || !selected || String(getSelection()) || isWriting(event.target)) return;
  keepCopy();
  event.clipboardData.setData('text/plain', cut);
  event.preventDefault();
  if (event.type === 'cut') eraseSelection();
}

const isWriting = (target) => target.closest?.('textarea, [contenteditable], input:not([type=range]):not([type=checkbox]):not([type=color])');

function takePaste(event) {
  if (!element.isConnected || isWriting(event.target)) return;
  const text = event.clipboardData?.getData('text/plain') || '';
  if (!text.startsWith(CUT)) return;
  event.preventDefault();
  event.stopImmediatePropagation(); // it is no file
  pasteCut(text);
}
