// The history strip. props: entry {link, picture, title, how} or null: the state that is shown now; kept, characters:
// bounds. events: 'restore' {link}, 'animate' {link}, 'address' (a link to the present state is wanted). A link in the
// page's own address is restored as soon as the first state is there.

const KEY = 'semflow-history' + window.semflowPath();
const BURST = 20000; // milliseconds: strokes in a row are one state
const SURE = 3000; // milliseconds in which "Clear" must be pressed again
const find = (selector) => element.querySelector(selector);
const box = find('.states'), none = find('.none'), clear = find('.clear');
let memory = []; // where a browser keeps nothing

function read() {
  try {
    const states = JSON.parse(localStorage.getItem(KEY) || '[]');
    return Array.isArray(states) ? states.filter((s) => s && s.link && s.picture) : [];
  } catch {
    return memory;
  }
}

function write(states) {
  states = states.slice(0, props.kept);
  while (states.length && JSON.stringify(states).length > props.characters) states.pop();
  for (;;) {
    memory = states;
    try {
      localStorage.setItem(KEY, JSON.stringify(states));
      return;
    } catch (error) {
      if (error.name !== 'QuotaExceededError' || states.length < 2) return; // then they last as long as the page
      states = states.slice(0, -1);
    }
  }
}

function add(entry) {
  const states = read();
  if (!states.some((s) => s.link === entry.link)) {
    const [last] = states, now = Date.now();
    // the strokes of one burst become one state; another seed or setting is one of its own
    if (last && last.how === entry.how && now - last.began < BURST) states[0] = { ...entry, began: last.began };
    else states.unshift({ ...entry, began: now });
    write(states);
  }
  show();
}

function show() {
  const states = read();
  none.hidden = states.length > 0;
  clear.hidden = !states.length;
  box.replaceChildren(
    ...states.map((s) => {
      const item = Object.assign(document.createElement('div'), { className: 'state' });
      item.setAttribute('role', 'listitem');
      item.setAttribute('aria-current', Boolean(props.entry && props.entry.link === s.link));
      const restore = Object.assign(document.createElement('button'), {
        type: 'button', className: 'restore', title: 'Back to this state: ' + s.title,
      });
      restore.append(Object.assign(document.createElement('img'), { src: s.picture, alt: 'Back to: ' + s.title }));
      restore.addEventListener('click', () => trigger('restore', { link: s.link }));
      const animate = Object.assign(document.createElement('button'), {
        type: 'button', className: 'animate', textContent: '⇄', title: 'Animate from this state to the one shown',
      });
      animate.setAttribute('aria-label', animate.title + ': ' + s.title);
      animate.addEventListener('click', () => trigger('animate', { link: s.link }));
      item.append(restore, animate);
      return item;
    }),
  );
}

function openAddress() {
  if (!location.hash.startsWith('#p=')) return;
  const link = location.hash;
  history.replaceState(null, '', location.pathname + location.search); // or a reload would undo what follows
  trigger('restore', { link });
}

let first = true;
watch('entry', () => {
  if (props.entry) add(props.entry);
  if (first) openAddress(); // not before: the first picture would come after it and replace it
  first = false;
});
window.addEventListener('hashchange', () => element.isConnected && openAddress());
window.addEventListener('storage', (event) => event.key === KEY && show()); // another tab
find('.share').addEventListener('click', () => trigger('address'));
clear.addEventListener('click', () => {
  if (clear.dataset.sure) {
    write([]);
    document.dispatchEvent(new Event('semflow:forget')); // what the keeper has of this visit and of earlier ones
    delete clear.dataset.sure;
    clear.textContent = 'Clear';
    return show();
  }
  clear.dataset.sure = 'asked';
  clear.textContent = 'Really clear?';
  setTimeout(() => {
    delete clear.dataset.sure;
    clear.textContent = 'Clear';
  }, SURE);
});
show();
