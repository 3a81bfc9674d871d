// The panes and the panel: full screen for the picture under the pointer, a panel that folds away, and where the page
// scrolls, the way from the tabs to their content and from the cards back to the canvas.
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
  const more = document.querySelector('#more'), tabs = more.querySelector('[role=tablist]');
  const isBelow = () => getComputedStyle(tabs.parentElement).position === 'fixed'; // the tabs are at the window's lower edge
  const isLabelling = () => Boolean(more.querySelector('#label-accept')?.offsetParent);
  /** What the tab in front holds; while a set is labelled the canvas comes with the buttons below it. */
  const reachContent = () => {
    if (isLabelling()) more.querySelector('#label-progress').scrollIntoView({ block: 'end' });
    else more.scrollIntoView({ block: 'nearest' });
  };
  let wasLabelling = false;
  new MutationObserver(() => {
    const is = isLabelling();
    if (is && !wasLabelling && isBelow()) reachContent(); // photos were opened
    wasLabelling = is;
  }).observe(more, { subtree: true, childList: true, attributeFilter: ['class'] });
  more.addEventListener('click', (event) => {
    if (event.target.closest('.card')) scrollTo(0, 0); // to the canvas, which gets it
    if (!event.target.closest('[role=tab]')) return;
    setFolded(false);
    if (!isBelow()) return;
    requestAnimationFrame(reachContent);
    const late = new ResizeObserver(reachContent); // Gradio makes a tab's content when it is first in front
    late.observe(more);
    setTimeout(() => late.disconnect(), 1000);
  });
  new MutationObserver(() => {
    const tab = tabs.querySelector('[aria-selected=true]');
    if (tab) tabs.scrollLeft = tab.offsetLeft - (tabs.clientWidth - tab.offsetWidth) / 2;
  }).observe(tabs, { subtree: true, attributeFilter: ['aria-selected'] });
  // the bar of a selection goes with the canvas: where most of it is behind the photo or beyond the window, so is the bar
  const stage = painter.querySelector('.stage');
  const seeStage = () => {
    const { top, bottom, height } = stage.getBoundingClientRect(), photo = result.getBoundingClientRect();
    const seen = Math.min(bottom, innerHeight) - Math.max(top, isBelow() ? photo.bottom : 0);
    studio.classList.toggle('away', seen < 0.4 * height);
  };
  addEventListener('scroll', seeStage, { passive: true });
  addEventListener('resize', seeStage);

  // lines to swipe fade out at the side where they go on
  const FADE = '28px';
  const lines = () => document.querySelectorAll('#painter .classes, #more .tab-container');
  const fade = (line) => {
    const { scrollLeft, scrollWidth, clientWidth } = line, right = scrollWidth - clientWidth - scrollLeft;
    line.classList.toggle('swiped', scrollWidth > clientWidth + 1 && getComputedStyle(line).overflowX !== 'visible');
    line.style.setProperty('--before', scrollLeft > 2 ? FADE : '0px');
    line.style.setProperty('--after', right > 2 ? FADE : '0px');
  };
  const fadeAll = () => lines().forEach(fade);
  document.addEventListener('scroll', ({ target }) => [...lines()].includes(target) && fade(target), { capture: true, passive: true });
  const sized = new ResizeObserver(fadeAll);
  for (const line of [painter, more, ...lines()]) sized.observe(line);
  new MutationObserver(fadeAll).observe(painter.querySelector('.classes'), { childList: true });

  const toggleFull = (pane) => {
    if (document.fullscreenElement) document.exitFullscreen();
    else pane.requestFullscreen?.();
  };
  document.addEventListener('fullscreenchange', () => {
    for (const button of document.querySelectorAll('[data-full]')) {
      const name = button.dataset.full === '#painter' ? 'Layout' : 'Photo';
      const open = document.fullscreenElement?.matches(button.dataset.full);
      const label = open ? `${name}: leave full screen` : `${name} in full screen`;
      button.setAttribute('aria-label', label);
      button.title = label + ' (X)';
    }
  });
  document.addEventListener('click', (event) => {
    const button = event.target.closest('[data-full]');
    if (button) toggleFull(document.querySelector(button.dataset.full));
  });
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open], #painter[inert]')) return;
    if (event.target.closest('textarea, select, [contenteditable], input:not([type=range]):not([type=checkbox])')) return;
    if (event.key.toLowerCase() === 't') setFolded(!studio.classList.contains('folded'));
    if (event.key.toLowerCase() === 'x') toggleFull(painter.matches(':hover, :focus-within') && !result.matches(':hover') ? painter : result);
  });
}
