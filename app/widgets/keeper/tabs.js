// Tabs: each keeps a visit of its own, whose name is in the tab's sessionStorage, so that it outlives a reload. A tab that
// was duplicated has its original's name; tabs ask each other which visits are open.

const TAB = 'semflow-visit', LAST = 'semflow-last', LOST = 'semflow-away';
const ANSWERS = 200; // milliseconds in which another tab says that a visit is open there
const channel = 'BroadcastChannel' in window ? new BroadcastChannel('semflow') : null;

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

/** The visits that are open in other tabs. */
async function openElsewhere() {
  const open = new Set();
  if (!channel) return open;
  const hear = ({ data }) => data.open && open.add(data.open);
  channel.addEventListener('message', hear);
  channel.postMessage({ asks: true });
  await new Promise((done) => setTimeout(done, ANSWERS));
  channel.removeEventListener('message', hear);
  return open;
}
