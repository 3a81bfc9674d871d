// A sentence that the page itself has to say, beside Gradio's own messages, which only the server sends. In the head of the
// page, so that it is there first. semflowSay(text, link): with a link it stays, in a field to copy it from.
window.semflowSay = (text, link = '') => {
  const SECONDS = 12;
  document.getElementById('notice')?.remove();
  const box = Object.assign(document.createElement('div'), { id: 'notice' });
  box.setAttribute('role', 'alert');
  const close = Object.assign(document.createElement('button'), { type: 'button', textContent: '×', onclick: () => box.remove() });
  close.setAttribute('aria-label', 'Close');
  box.append(Object.assign(document.createElement('span'), { textContent: text }), close);
  if (link) {
    const field = Object.assign(document.createElement('input'), { value: link, readOnly: true, onfocus: () => field.select() });
    field.setAttribute('aria-label', 'The link');
    box.append(field);
  }
  (document.fullscreenElement || document.querySelector('dialog[open]') || document.body).append(box);
  const leave = () => setTimeout(() => (box.matches(':hover, :focus-within') ? leave() : box.remove()), 1000 * SECONDS);
  if (!link) leave();
};
