// The last word of a page that goes before all is written: the canvas with its steps, and the settings, as a text in the
// tab's sessionStorage, which takes it at once where IndexedDB may not. Layouts are run-length coded.

const LAST = 'semflow-last' + ROOT;
const SHIFT = 0x100, LONGEST = 0xd000; // a number is one character, none of which a JSON text must escape

function packRuns(ids) {
  let text = '';
  for (let end = 0, start = 0; end < ids.length; start = end) {
    while (end < ids.length && ids[end] === ids[start] && end - start < LONGEST) end++;
    text += String.fromCharCode(SHIFT + ids[start], SHIFT + end - start);
  }
  return text;
}

function unpackRuns(text, size) {
  const ids = new Uint8Array(size);
  let end = 0;
  for (let i = 0; i < text.length; i += 2) {
    const start = end;
    end += text.charCodeAt(i + 1) - SHIFT;
    ids.fill(text.charCodeAt(i) - SHIFT, start, end);
  }
  if (end !== size) throw new RangeError('a layout of another size');
  return ids;
}

/** Where not all fits, the oldest steps are left out. */
function keepLast({ model, W, H, ids, landing, undo, redo, hand }, settings) {
  const pack = (steps) => steps.map(({ ids: step, ...signs }) => ({ runs: packRuns(step), ...signs }));
  const last = { model, W, H, runs: packRuns(ids), landing, undo: pack(undo), redo: pack(redo), hand, settings };
  const later = (steps) => steps.slice(Math.ceil(steps.length / 2));
  while (inTab(LAST, JSON.stringify(last)) === null && last.undo.length + last.redo.length) {
    Object.assign(last, { undo: later(last.undo), redo: later(last.redo) });
  }
}

/** {model, W, H, ids, undo, redo, hand, settings} of the visit that this tab has open; null where all was written. */
function readLast(id) {
  try {
    const last = JSON.parse(inTab(LAST) || 'null');
    if (!last || id !== inTab(TAB) || !isSize(last.W, last.H)) return null;
    const unpack = (steps) => steps.map(({ runs, ...signs }) => ({ ids: unpackRuns(runs, last.W * last.H), ...signs }));
    return { ...last, ids: unpackRuns(last.runs, last.W * last.H), undo: unpack(last.undo), redo: unpack(last.redo) };
  } catch {
    return null;
  }
}
