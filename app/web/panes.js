// The panes and the panel: full screen for the picture under the pointer, and a panel that folds away.
() => {
  const studio = document.querySelector('#studio'), fold = document.querySelector('#fold');
  const painter = document.querySelector('#painter'), result = document.querySelector('#result');
  const FOLDED = 'semflow-folded';
  const keep = (value) => {
    try {
      if (value !== undefined) localStorage.setItem(FOLDED, value);
      return localStorage.getItem(FOLDED);
    } catch {
      return null; // a browser may forbid a page to store anything
    }
  };
  const setFolded = (folded) => {
    studio.classList.toggle('folded', folded);
    fold.setAttribute('aria-expanded', !folded);
    fold.title = folded ? 'Show the panel (T)' : 'Fold the panel away (T)';
    fold.setAttribute('aria-label', fold.title.replace(' (T)', ''));
    keep(folded ? '1' : '');
  };
  setFolded(keep() === '1');
  fold.addEventListener('click', () => setFolded(!studio.classList.contains('folded')));
  document.querySelector('#more').addEventListener('click', (event) => {
    if (event.target.closest('[role=tab]')) setFolded(false);
  });

  const toggleFull = (pane) => {
    if (document.fullscreenElement) document.exitFullscreen();
    else pane.requestFullscreen?.();
  };
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-full]');
    if (button) toggleFull(document.querySelector(button.dataset.full));
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return;
    if (event.target.closest('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox])')) return;
    if (event.key.toLowerCase() === 't') setFolded(!studio.classList.contains('folded'));
    if (event.key.toLowerCase() === 'x') toggleFull(painter.matches(':hover, :focus-within') && !result.matches(':hover') ? painter : result);
  });
}
