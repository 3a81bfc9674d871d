// What the browser's tab keeps of a set that is labelled: the ticket that the server gave for it, and the canvas of its
// photo as the painter packs it, for strokes that no server got. In the head of the page, so that it is there first.
(() => {
  const keep = (name, text) => {
    const key = name + window.semflowPath();
    try {
      sessionStorage.removeItem(key); // also where there is no room for the new one
      if (text) sessionStorage.setItem(key, text);
    } catch {
      // a browser may forbid a page to store anything
    }
  };
  document.addEventListener('semflow:sheet', ({ detail }) => keep('semflow-set-canvas', detail));
  document.addEventListener('semflow:ticket', ({ detail }) => {
    keep('semflow-set', detail);
    if (!detail) keep('semflow-set-canvas', '');
  });
  /** {ticket, canvas}, both '' where there is none; null where the browser keeps nothing. */
  window.semflowSet = () => {
    const path = window.semflowPath();
    try {
      return { ticket: sessionStorage.getItem('semflow-set' + path) || '', canvas: sessionStorage.getItem('semflow-set-canvas' + path) || '' };
    } catch {
      return null;
    }
  };
})();
