// Labelling by keys, while its buttons are in front: Enter accepts, comma and full stop go back and forward. Keys of the
// painter come first: Enter closes a polygon and puts a region down.
() => {
  let clicked = null; // what a pointer pressed last: Enter is not meant for it, though it has the focus
  document.addEventListener('click', (event) => event.detail && (clicked = event.target.closest('button')), true);
  // the folder that files were chosen with, of which the server gets the files alone
  const folderOf = ([file]) => file?.webkitRelativePath?.split('/')[0] || '';
  const hear = ({ target }) => target.matches?.('#label input[type=file]') && (window.semflowFolder = folderOf(target.files));
  document.addEventListener('change', hear, true);
  const KEYS = { Enter: '#label-accept', ',': '#label-back', '.': '#label-forward' };
  document.addEventListener('click', (event) => {
    if (event.target.closest('#label-unsure')) document.dispatchEvent(new CustomEvent('semflow:spot'));
  });
  // what opens below the others comes into view, with what Gradio makes of it a little later
  document.addEventListener('click', (event) => {
    const panel = event.target.closest('#label .label-wrap')?.parentElement;
    if (!panel) return;
    const late = new ResizeObserver(() => panel.querySelector(':scope > .label-wrap.open') && panel.scrollIntoView({ block: 'start' }));
    late.observe(panel);
    setTimeout(() => late.disconnect(), 1000);
  });
  document.addEventListener('keydown', async (event) => {
    const button = document.querySelector(KEYS[event.key] || null);
    if (!button?.offsetParent || button.disabled || event.defaultPrevented || event.repeat) return;
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open], #painter[inert]')) return;
    if (event.target.closest('textarea, select, a, [contenteditable], [role=option], [role=combobox]')) return;
    if (event.target.closest('input:not([type=range]):not([type=checkbox])')) return;
    const focused = event.target.closest('button');
    if (event.key === 'Enter' && focused && focused !== clicked) return; // it presses that button
    event.preventDefault();
    const question = { settled: null };
    document.dispatchEvent(new CustomEvent('semflow:settle', { detail: question }));
    await question.settled; // the last stroke is in the canvas's value
    button.click();
  });
}
