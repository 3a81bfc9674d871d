// The camera: a dialog with the live picture; its snapshot goes the way of a pasted picture.
async () => {
  const dialog = document.createElement('dialog');
  dialog.className = 'camera';
  dialog.setAttribute('aria-label', 'Camera');
  dialog.innerHTML =
    '<video playsinline muted></video><p role="status">The camera starts …</p>' +
    '<div><button type="button" class="close">Close</button><button type="button" class="snap" disabled>Take the photo</button></div>';
  const find = (selector) => dialog.querySelector(selector);
  const video = find('video'), say = find('p');
  let stream = null;
  const stop = () => stream?.getTracks().forEach((track) => track.stop());
  dialog.addEventListener('close', () => {
    stop();
    dialog.remove();
  });
  find('.close').addEventListener('click', () => dialog.close());
  find('.snap').addEventListener('click', () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: video.videoWidth, height: video.videoHeight });
    canvas.getContext('2d').drawImage(video, 0, 0);
    canvas.toBlob((blob) => {
      const transfer = new DataTransfer();
      transfer.items.add(new File([blob], 'camera.png', { type: 'image/png' }));
      const input = document.querySelector('#open input[type=file]');
      input.files = transfer.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
      dialog.close();
    }, 'image/png');
  });
  document.body.append(dialog);
  dialog.showModal();
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'user', width: { ideal: 1280 } } });
    if (!dialog.open) return stop();
    video.srcObject = stream;
    await video.play();
    say.hidden = true;
    find('.snap').disabled = false;
  } catch (error) {
    // without https there is no mediaDevices at all; a refusal and a missing camera are errors with a name
    const reasons = {
      NotAllowedError: 'The browser does not let this page use the camera: allow it beside the address.',
      NotFoundError: 'No camera was found.',
      TypeError: 'Browsers open the camera only on https pages and on localhost.',
    };
    say.textContent = (reasons[error.name] || 'The camera could not be started.') + ' You can open or paste a photo instead.';
    video.hidden = true;
  }
}
