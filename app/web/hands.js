// The photo as a way to the layout's regions: the class under the pointer is named, a click selects its region on the
// canvas (painter/selection.js), and what is selected is outlined here too. What it looks like is read from the photo.
() => {
  const photo = document.querySelector('#photo');
  const label = Object.assign(document.createElement('output'), { className: 'named' });
  label.setAttribute('aria-live', 'off');
  const outline = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  outline.setAttribute('class', 'ants');
  outline.setAttribute('preserveAspectRatio', 'none');
  outline.setAttribute('aria-hidden', 'true');
  outline.append(document.createElementNS('http://www.w3.org/2000/svg', 'path'));
  photo.append(label, outline);

  /** Where in the photo an event is, as shares of its sides; null beside it. */
  const placeOf = (event) => {
    const image = event.target.closest('#photo .image-frame, #photo .image-container > button')?.querySelector('img');
    if (!image) return null;
    const box = image.getBoundingClientRect();
    const at = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    return at.every((share) => share >= 0 && share < 1) ? at : null;
  };
  photo.addEventListener('pointermove', (event) => {
    const at = event.pointerType === 'touch' ? null : placeOf(event), question = { at, name: '' };
    if (at) document.dispatchEvent(new CustomEvent('semflow:name', { detail: question }));
    label.textContent = question.name;
  });
  photo.addEventListener('pointerleave', () => (label.textContent = ''));
  document.addEventListener('click', (event) => {
    const at = placeOf(event);
    if (!at) return;
    const { shiftKey, altKey } = event;
    document.dispatchEvent(new CustomEvent('semflow:select', { detail: { at, shiftKey, altKey } }));
    if (!altKey) document.dispatchEvent(new CustomEvent('semflow:region', { detail: { act: 'choose', points: [at] } }));
  });
  document.addEventListener('semflow:selected', ({ detail: { outline: path, W, H } }) => {
    outline.setAttribute('viewBox', `0 0 ${W} ${H}`);
    outline.firstChild.setAttribute('d', path);
  });
  // the mean colour of a mask's pixels, as "#rrggbb", into detail.color
  document.addEventListener('semflow:look', ({ detail }) => {
    const { mask, W, H } = detail, image = photo.querySelector('img');
    if (!image?.naturalWidth) return;
    const context = Object.assign(document.createElement('canvas'), { width: W, height: H }).getContext('2d');
    context.drawImage(image, 0, 0, W, H);
    const { data } = context.getImageData(0, 0, W, H), sums = [0, 0, 0];
    let count = 0;
    mask.forEach((inside, i) => {
      if (!inside) return;
      count++;
      for (const c of [0, 1, 2]) sums[c] += data[4 * i + c];
    });
    detail.color = '#' + sums.map((sum) => Math.round(sum / count).toString(16).padStart(2, '0')).join('');
  });
}
