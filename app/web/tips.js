// Three tips for the first visit, each in its place when its time has come: at the canvas until the first stroke, at the
// slider once there is a path to slide along, at the photo once the slider was used. One at a time, and none twice. Those
// of the photo lie over its lower edge, or upright below its slider: they cover no control, and the panes stay as they are.
() => {
  const KEY = 'semflow-tips';
  const TIPS = [
    {
      name: 'paint', where: '#painter .stage',
      keys: 'Choose a class and paint. The wheel zooms, ? lists the keys.',
      fingers: 'Choose a class and paint with one finger. Two fingers zoom.',
    },
    { name: 'slide', where: '#result', keys: 'Drag the slider: the photo becomes its layout, and back.' },
    { name: 'select', where: '#result', keys: 'Click a region of the photo to colour, re-roll, lock or fill it.', fingers: 'Tap a region of the photo to colour, re-roll, lock or fill it.' },
  ];
  const memory = new Set(); // where a browser keeps nothing
  const isSeen = (name, set) => {
    if (set) memory.add(name);
    try {
      const seen = new Set([...JSON.parse(localStorage.getItem(KEY) || '[]'), ...memory]);
      if (set) localStorage.setItem(KEY, JSON.stringify([...seen]));
      return seen.has(name);
    } catch {
      return memory.has(name);
    }
  };
  let shown = null, box = null;
  const end = (name) => {
    const early = !isSeen(name) && shown?.name !== name; // done before it was told
    isSeen(name, true);
    if (early || shown?.name !== name) return;
    box.remove();
    shown = box = null;
  };
  const show = () => {
    const next = TIPS.find(({ name }) => !isSeen(name));
    if (shown || !next) return;
    const place = document.querySelector(next.where);
    if (!place) return;
    shown = next;
    box = Object.assign(document.createElement('div'), { className: 'tip' });
    box.setAttribute('role', 'note');
    box.dataset.tip = next.name;
    const text = matchMedia('(pointer: coarse)').matches ? next.fingers || next.keys : next.keys;
    const button = Object.assign(document.createElement('button'), { type: 'button', textContent: 'Got it' });
    button.addEventListener('click', (event) => {
      event.stopPropagation(); // it lies over a pane that selects by clicks
      end(next.name);
    });
    box.append(Object.assign(document.createElement('span'), { textContent: text }), button);
    place.append(box);
  };
  show();
  const onCanvas = (event) => event.target.closest?.('#painter canvas.ids');
  document.addEventListener('pointerdown', (event) => onCanvas(event) && end('paint'), true);
  document.addEventListener('keydown', (event) => event.key === ' ' && onCanvas(event) && end('paint'), true);
  document.addEventListener('input', (event) => event.target.matches?.('#player .at') && end('slide'), true);
  document.addEventListener('click', (event) => event.target.closest?.('#player .play') && end('slide'), true);
  document.addEventListener('semflow:select', () => end('select'));
  // the next one comes with the next path: the photo stands still, and what was tried is done
  const marks = document.querySelector('#player .marks');
  new MutationObserver(() => marks.childElementCount && show()).observe(marks, { childList: true });
}
