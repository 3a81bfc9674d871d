// Copies a link to the project. Browsers hand over the clipboard only on secure pages and shortly after a press, and not to
// a page in a frame unless the page around it allows that; an older way needs no permission. In a frame the address bar is
// another page's: there, and where both ways are closed, the link is shown.
async (shared) => {
  if (!shared) return null;
  const [link, leftOut] = shared.split(' ');
  const url = location.origin + location.pathname + location.search + '#' + link;
  const long = Math.max(1, Math.round(url.length / 1000)) + ',000 characters';
  const framed = window.top !== window;
  const copyOld = () => {
    const field = Object.assign(document.createElement('textarea'), { value: url, readOnly: true });
    field.style.cssText = 'position:fixed;left:0;top:0;opacity:0';
    const focused = document.activeElement;
    document.body.append(field);
    field.select();
    const copied = document.execCommand('copy');
    field.remove();
    focused?.focus?.({ preventScroll: true });
    return copied;
  };
  const copied = await navigator.clipboard?.writeText(url).then(() => true, () => false) || copyOld();
  if (copied) {
    const back = leftOut ? ', but not the photo that you edit: save the project for that.' : '.';
    const said = 'The link is in the clipboard (about ' + long + '). Opening it brings this layout and these settings back' + back;
    if (framed) window.semflowSay(said, url);
    return said;
  }
  window.semflowSay('The browser keeps the clipboard closed here: copy the link from this field.', url);
  document.querySelector('#notice input').focus();
  return 'The link (about ' + long + ') stands in the field: copy it from there.';
}
