// The keyboard, and the sheet that lists it. Keys work wherever the page's focus is, except while typing.
// Letters go by the character (on AZERTY, A is where A is printed), the row of digits by its place (on AZERTY it gives
// & é "); where a key gives no character that is listed here (Cyrillic, Greek, an input method, a dead key), its place
// on a US keyboard counts.

const TOOL_KEYS = {
  b: 'brush', e: 'eraser', f: 'fill', i: 'pick', r: 'rectangle', o: 'ellipse', p: 'polygon', l: 'lasso', m: 'move', v: 'select',
};
const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const STRIDE = 10; // label pixels of an arrow with Shift
const help = find('.help');

const ACTIONS = {
  '[': () => nudgeSize(-2),
  ']': () => nudgeSize(2),
  '+': () => zoomBy(1.5),
  '=': () => zoomBy(1.5),
  '-': () => zoomBy(1 / 1.5),
  h: fit,
  u: visitSpot,
  s: () => props.mirror.length && setSymmetry(!symmetry),
  '?': () => help.showModal(), // Escape closes it, which is the browser's own doing
  '/': () => finder.focus(),
};

const PLACES = { Space: ' ', BracketLeft: '[', BracketRight: ']', Minus: '-', Equal: '=', Slash: '/' }; // code -> key

/** Whether AltGr is held, which some systems report as Ctrl and Alt. */
function isComposed(event) {
  return event.getModifierState('AltGraph');
}

/** What a key stands for: a character in lower case, or a name such as 'arrowleft'. */
function keyName(event) {
  const { key: character, code, shiftKey } = event;
  const [, place] = /^(?:Key|Digit)(.)$/.exec(code) || [];
  if (code.startsWith('Digit') && !shiftKey && !isComposed(event)) return place;
  if (/^[ -~]$/.test(character) || (character.length > 1 && !/^(Dead|Process|Unidentified)$/.test(character))) return character.toLowerCase();
  const name = place ? place.toLowerCase() : PLACES[code] || character;
  return name === '/' && shiftKey ? '?' : name;
}

/** How far an arrow key goes, in label pixels. */
function stepOf(name, event) {
  return ARROWS[name].map((d) => d * (event.shiftKey ? STRIDE : 1));
}

/** Keys of a polygon, a region or a selection that is under way. Returns whether the key was one. */
function keyUnderWay(name, event) {
  if (name === 'escape') endVisit();
  if (selected && (name === 'delete' || name === 'backspace')) return eraseSelection(), true;
  if (selected && name === 'escape') return dropSelection(), true;
  if (!corners.length && !floating) return false;
  const control = event.target.closest('button, input'); // one that has hidden itself keeps the focus until the page is drawn
  const onPage = !control || !control.getClientRects().length;
  if (name === 'enter' && (onPage || !event.target.closest('.options'))) corners.length ? closePolygon() : finishRegion();
  else if (name === 'escape') corners.length ? dropPolygon() : dropRegion();
  else if (name === 'backspace' && corners.length) dropCorner();
  else if ('<>,.'.includes(name) && floating) turnRegion('<,'.includes(name) ? -TURN : TURN);
  else if (ARROWS[name] && floating && onPage) nudgeRegion(...stepOf(name, event));
  else return false;
  return true;
}

function key(event) {
  if (!event.key || !element.isConnected || help.open || element.closest('[inert]')) return; // a form that fills itself in has no key
  if (event.target.closest('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox]):not([type=color])')) return;
  const name = keyName(event), composed = isComposed(event);
  if ((event.ctrlKey || event.metaKey) && !composed) {
    if (name !== 'z' && name !== 'y') return;
    event.preventDefault();
    if (name === 'y' || event.shiftKey) step(redo, undo);
    else step(undo, redo);
  } else if ((event.altKey && !composed) || (stroke && !heldByKeys())) {
    return;
  } else if (keyUnderWay(name, event) || cursorKey(name, event)) {
    event.preventDefault();
  } else if (stroke) {
    return; // the other keys rest until the brush is lifted
  } else if (name === ' ' && (stage.matches('.inside') || event.target === canvas)) {
    event.preventDefault(); // neither a page down nor a click on the button that was used last
    spaceHeld = true;
    stage.classList.add('movable');
  } else if (/^[0-9]$/.test(name)) {
    const c = classesByNumber()[(Number(name) + 9) % 10];
    if (c) choose(c.id);
  } else if (TOOL_KEYS[name]) {
    takeTool(TOOL_KEYS[name]);
  } else if (ACTIONS[name]) {
    event.preventDefault(); // the slash would be typed into the search
    ACTIONS[name]();
  }
}

function releaseSpace(event) {
  if (!spaceHeld || (event.type === 'keyup' && keyName(event) !== ' ')) return;
  event.preventDefault();
  spaceHeld = false;
  stage.classList.remove('movable');
}
