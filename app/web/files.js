// Pictures that are dropped anywhere on the page, or pasted, go the way of the "Open" button.
() => {
  const hand = (files) => {
    const pictures = [...files].filter((f) => f.type.startsWith('image/'));
    const input = document.querySelector('#open input[type=file]');
    if (!pictures.length || !input) return false;
    const transfer = new DataTransfer();
    for (const file of pictures) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
    return true;
  };
  const carriesFile = (event) => [...(event.dataTransfer?.types || [])].includes('Files');
  document.addEventListener('dragover', (event) => {
    if (!carriesFile(event)) return;
    event.preventDefault();
    document.body.classList.add('dropping');
  });
  document.addEventListener('dragleave', (event) => {
    if (!event.relatedTarget) document.body.classList.remove('dropping');
  });
  document.addEventListener('drop', (event) => {
    document.body.classList.remove('dropping');
    if (carriesFile(event)) event.preventDefault(); // or the browser would leave the page for the picture
    hand(event.dataTransfer?.files || []);
  });
  document.addEventListener('paste', (event) => {
    if (hand(event.clipboardData?.files || [])) event.preventDefault();
  });
}
