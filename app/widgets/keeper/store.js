// The store: visits in IndexedDB. A visit is a record {id, owner, at, worth, sizes: {part: bytes}} and its parts; what
// writes it says which page owns it, so that no page writes over what another has taken over. Studios under other paths of
// the same host have stores of their own.

const ROOT = window.semflowPath();
const NAME = 'semflow' + ROOT, VISITS = 'visits', PARTS = 'parts';
const SLOW = 4000; // milliseconds after which a store that does not open counts as absent

/** The database, null where the browser has none or does not let this page use it. */
function openStore() {
  return new Promise((done) => {
    setTimeout(done, SLOW, null);
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => {
        request.result.createObjectStore(VISITS, { keyPath: 'id' });
        request.result.createObjectStore(PARTS);
      };
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        done(request.result);
      };
      request.onerror = request.onblocked = () => done(null);
    } catch {
      done(null);
    }
  });
}

const result = (request) => new Promise((done, fail) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => fail(request.error);
});

const ended = (transaction) => new Promise((done, fail) => {
  transaction.oncomplete = done;
  transaction.onabort = () => fail(transaction.error || new DOMException('aborted', 'AbortError'));
});

const allOf = (id) => IDBKeyRange.bound([id], [id, []]);
const bytesOf = (visit) => Object.values(visit.sizes).reduce((sum, bytes) => sum + bytes, 0);

const listVisits = (db) => result(db.transaction(VISITS).objectStore(VISITS).getAll());

/** A visit's parts: a Map of part -> {value, bytes}. */
async function readVisit(db, id) {
  const transaction = db.transaction([VISITS, PARTS]);
  const record = await result(transaction.objectStore(VISITS).get(id));
  if (!record) return new Map();
  const store = transaction.objectStore(PARTS);
  const [keys, values] = await Promise.all([result(store.getAllKeys(allOf(id))), result(store.getAll(allOf(id)))]);
  return new Map(keys.map(([, part], i) => [part, { value: values[i], bytes: record.sizes[part] || 0 }]));
}

function deleteVisit(transaction, id) {
  transaction.objectStore(VISITS).delete(id);
  transaction.objectStore(PARTS).delete(allOf(id));
}

/**
 * Write some parts of a visit, and none of them if not all -> false where the record is gone or has another owner.
 * Others make room: those above `bounds` {visits, bytes}, and `spare` more where the browser's own bound is met; first
 * those in which nothing was painted, then the oldest, and those that are `open` in other tabs last.
 */
async function writeVisit(db, { id, owner, worth }, parts, isWhole, bounds, spare, open = new Set()) {
  const transaction = db.transaction([VISITS, PARTS], 'readwrite'), end = ended(transaction);
  end.catch(() => {}); // it is awaited below; before that an error has come another way
  const visits = await result(transaction.objectStore(VISITS).getAll());
  const own = visits.find((visit) => visit.id === id);
  if (!isWhole && (!own || own.owner !== owner)) return false;
  const sizes = isWhole ? {} : { ...own.sizes }, store = transaction.objectStore(PARTS);
  if (isWhole && own) deleteVisit(transaction, id);
  for (const [part, content] of parts) {
    if (content) sizes[part] = content.bytes;
    else delete sizes[part];
  }
  const record = { id, owner, worth, at: Date.now(), sizes };
  const others = visits.filter((visit) => visit.id !== id).sort((a, b) => open.has(a.id) - open.has(b.id) || a.worth - b.worth || a.at - b.at);
  const total = () => [...others, record].reduce((sum, visit) => sum + bytesOf(visit), 0);
  while (others.length && (spare > 0 || others.length >= bounds.visits || total() > bounds.bytes)) {
    deleteVisit(transaction, others.shift().id);
    spare--;
  }
  if (spare > 0 || total() > bounds.bytes) {
    transaction.abort();
    throw new DOMException('no room is left', 'QuotaExceededError');
  }
  try {
    for (const [part, content] of parts) {
      if (content) store.put(content.value, [id, part]);
      else store.delete([id, part]);
    }
    transaction.objectStore(VISITS).put(record);
  } catch (error) {
    transaction.abort();
    throw error;
  }
  await end;
  return true;
}

/** Take a visit over. */
async function ownVisit(db, id, owner) {
  const transaction = db.transaction(VISITS, 'readwrite'), store = transaction.objectStore(VISITS);
  const record = await result(store.get(id));
  if (record) store.put({ ...record, owner });
  await ended(transaction);
}

async function forgetVisits(db) {
  const transaction = db.transaction([VISITS, PARTS], 'readwrite');
  transaction.objectStore(VISITS).clear();
  transaction.objectStore(PARTS).clear();
  await ended(transaction);
}
