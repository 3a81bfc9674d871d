// Tabs: each keeps a visit of its own, whose name is in the tab's sessionStorage, so that it outlives a reload. A tab that
// was duplicated has its original's name; so each tab holds a lock by the name of its visit. Where a browser has no locks
// (pages that are neither https nor localhost), tabs ask each other.

const TAB = 'semflow-visit' + ROOT, LOST = 'semflow-away';
const ANSWERS = 200; // milliseconds in which another tab says that a visit is open there
const channel = 'BroadcastChannel' in window ? new BroadcastChannel(NAME) : null;

const drawName = () => Math.random().toString(36).slice(2) + Date.now().toString(36);

/** sessionStorage where the browser allows it. */
function inTab(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else if (value !== undefined) sessionStorage.setItem(key, value);
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

let letGo = () => {};

/** This tab has a visit open, and no other one any more. */
function hold(id) {
  letGo();
  navigator.locks?.request(NAME + id, () => new Promise((done) => (letGo = done))).catch(() => {});
}

/** The visits that are open in other tabs. */
async function openElsewhere() {
  const open = new Set();
  if (navigator.locks) {
    const { held } = await navigator.locks.query();
    for (const { name } of held) open.add(name.slice(NAME.length));
    return open;
  }
  if (!channel) return open;
  const hear = ({ data }) => data.open && open.add(data.open);
  channel.addEventListener('message', hear);
  channel.postMessage({ asks: true });
  await new Promise((done) => setTimeout(done, ANSWERS));
  channel.removeEventListener('message', hear);
  return open;
}
