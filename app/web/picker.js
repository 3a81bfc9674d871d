// Gradio's colour picker and menus. The picker opens in view and at its colour: Gradio lays it out below its swatch, in
// the panel, which is not high enough for it; and its marks stand at white and red until the colour changes.
() => {
  const GAP = 6;
  const place = (picker, swatch) => {
    const tabs = document.querySelector('#more .tab-wrapper'), isBelow = getComputedStyle(tabs).position === 'fixed';
    Object.assign(picker.style, { position: 'fixed', left: '0px', top: '0px', zIndex: 60, margin: 0 });
    const from = swatch.getBoundingClientRect(), { width, height, left: x, top: y } = picker.getBoundingClientRect();
    const end = (isBelow ? tabs.getBoundingClientRect().top : innerHeight) - GAP;
    const below = from.bottom + GAP, above = from.top - GAP - height;
    const top = below + height <= end ? below : above >= GAP ? above : Math.max(GAP, end - height);
    const left = Math.max(GAP, Math.min(from.left, innerWidth - GAP - width));
    Object.assign(picker.style, { left: `${left - x}px`, top: `${top - y}px` }); // x, y: what fixed places are counted from
  };
  /** A colour next to it and back, as if typed: the marks follow one change behind. Neither is an input of the visitor's. */
  const showColor = (picker, swatch) => {
    const field = picker.querySelector('input[type=text]'), color = field.value;
    const next = getComputedStyle(swatch).backgroundColor.match(/\d+/g).slice(0, 3).map((level) => level ^ 1);
    let own = true, typed = document.activeElement === field;
    field.addEventListener('input', () => (typed ||= !own));
    const set = (value) => {
      if (typed) return; // the visitor's colour counts
      own = true;
      field.value = value;
      for (const name of ['input', 'change']) field.dispatchEvent(new Event(name, { bubbles: true }));
      own = false;
    };
    set(`rgb(${next})`);
    (async () => {
      for (let i = 0; i < 8; i++) await null; // Svelte has drawn it then; nothing that the visitor does comes between
      set(color);
    })();
  };
  const each = (act) => {
    for (const picker of document.querySelectorAll('.color-picker')) {
      const swatch = picker.parentElement.querySelector('.dialog-button');
      if (swatch) act(picker, swatch);
    }
  };
  document.addEventListener('click', (event) => {
    if (!event.target.closest('.dialog-button')) return;
    requestAnimationFrame(() => {
      each(place);
      each(showColor);
    });
  });
  addEventListener('scroll', () => each(place), { passive: true, capture: true });
  addEventListener('resize', () => each(place));
  // A menu that is left with Tab stays shut: Gradio would open its list once more, after the focus has gone.
  addEventListener('keydown', (event) => {
    if (event.key === 'Tab' && event.target.matches?.('input[role="combobox"]')) event.stopImmediatePropagation();
  }, true);
}
