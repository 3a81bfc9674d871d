// Files that are dropped anywhere on the page, or pasted, go the way of the "Open" button: what they are, the server finds
// by their content. Of several, or of a folder, only what can be opened is sent. Whatever else is dropped is answered in
// a sentence, and the browser never leaves the page for it.
() => {
  const MOST_FILES = 5000, MOST_PARTS = 64, NAMED = 3;
  const HAND = 'a picture, a layout, a project, or a zip of one';
  const say = (text) => window.semflowSay(text);
  const send = (files) => {
    const input = document.querySelector('#open input[type=file]');
    if (!input) return say('The page is not ready yet: drop it again in a moment.');
    document.getElementById('notice')?.remove(); // what was said of an earlier drop
    const transfer = new DataTransfer();
    for (const file of files) transfer.items.add(file);
    input.files = transfer.files;
    input.dispatchEvent(new Event('change', { bubbles: true }));
  };

  // ---- several files, or a folder -------------------------------------------------------------------

  const LITTER = /^(\..*|__MACOSX|thumbs\.db|desktop\.ini|ehthumbs.*\.db)$/i;
  const PART = /^(\d+)_([a-z_]+)\.[a-z]+$/; // 00012_hair.png
  // first bytes, one character each: app/state/kinds.py has the whole list, and decides
  const STARTS = /^(\xff\xd8\xff|\x89PNG|GIF8|RIFF....WEBP|BM|II\*\0|MM\0\*|P[1-6]\s|\0\0\0\x0cjP|\xff\x4f\xff\x51|....ftyp(?:avi[fs]|he[iv][cxms]|mif1|msf1)|PK\x03\x04|(?:\xff\xfe|\xfe\xff|\xef\xbb\xbf)?[\s\0]*[{[])/s;
  const canBeOpened = async (file) => {
    try {
      return STARTS.test(String.fromCharCode(...new Uint8Array(await file.slice(0, 64).arrayBuffer())));
    } catch {
      return false; // a folder among the files, or one that cannot be read
    }
  };
  const named = (files) => files.slice(0, NAMED).map((file) => file.name).join(', ') + (files.length > NAMED ? ', …' : '');
  /** Of several files: the only one that can be opened, or all parts of one layout; else a sentence. */
  const choose = async (files, folder) => {
    const found = [];
    for (const file of files) if (!LITTER.test(file.name) && (await canBeOpened(file))) found.push(file);
    const parts = found.map((file) => PART.exec(file.name));
    if (found.length === 1 || (found.length <= MOST_PARTS && parts.some(Boolean) && (!folder || parts.every((p) => p && p[1] === parts[0][1])))) {
      send(found);
    } else if (!found.length) {
      say(folder ? `The folder “${folder}” holds nothing that can be opened: drop ${HAND}.` : `None of these files can be opened: drop ${HAND}.`);
    } else if (folder) {
      say(`The folder “${folder}” holds ${found.length} files that can be opened, ${named(found)}: drop one of them.`);
    } else {
      say(`${found.length} of these files can be opened, ${named(found)}: drop them one at a time.`);
    }
  };
  const entriesOf = async (folder) => {
    const reader = folder.createReader(), entries = [];
    for (;;) {
      const some = await new Promise((done, fail) => reader.readEntries(done, fail)); // a hundred at a time
      if (!some.length) return entries;
      entries.push(...some);
    }
  };
  /** All files in a folder and those below it, up to a number. */
  const filesIn = async (folder, files = []) => {
    for (const entry of await entriesOf(folder)) {
      if (files.length > MOST_FILES || LITTER.test(entry.name)) continue;
      if (entry.isDirectory) await filesIn(entry, files);
      else files.push(await new Promise((done, fail) => entry.file(done, fail)));
    }
    return files;
  };
  const openFiles = async (files, entries) => {
    const folders = entries.filter((entry) => entry?.isDirectory);
    try {
      if (!folders.length) return files.length === 1 ? send(files) : await choose(files, '');
      if (entries.length > 1) return say('Drop a folder by itself, without other files or folders.');
      const inside = await filesIn(folders[0]);
      if (inside.length > MOST_FILES) return say(`The folder “${folders[0].name}” holds more than ${MOST_FILES} files: drop one of them.`);
      await choose(inside, folders[0].name);
    } catch {
      say('The browser could not read what was dropped: choose it with “Open …”.');
    }
  };

  // ---- from another page ----------------------------------------------------------------------------

  const fileOf = async (address) => {
    const blob = await (await fetch(address)).blob(); // the data itself, or this page's own photo
    return new File([blob], 'dropped.' + (blob.type.split('/')[1] || 'png').replace('svg+xml', 'svg'), { type: blob.type });
  };
  /** A link, a picture or text without a file. The server fetches no address that a visitor gives it. */
  const openText = async (transfer) => {
    const html = new DOMParser().parseFromString(transfer.html, 'text/html');
    const source = html.querySelector('img')?.getAttribute('src') || '';
    const address = transfer.uri.split(/\r?\n/).find((line) => line && !line.startsWith('#')) || '';
    const data = [source, address].find((text) => /^data:image\//i.test(text));
    const project = /#p=[\w-]+$/.exec(address || transfer.text.trim());
    if (data) {
      try {
        return send([await fileOf(data)]);
      } catch {
        return say('That picture cannot be read: save it as a file, then drop the file.');
      }
    }
    if (project) location.hash = project[0]; // a link to a project: it is all in the address
    else if (source) say('The other page gave only the address of its picture: save the picture as a file, then drop the file.');
    else if (address) say('A link cannot be opened here: save its picture as a file, then drop the file.');
    else say(`Text cannot be opened here: drop ${HAND}.`);
  };

  // ---- events ---------------------------------------------------------------------------------------

  const EDITABLE = 'textarea, [contenteditable], input:not([type=file]):not([type=range]):not([type=checkbox]):not([type=radio])';
  const isFieldText = (event) => !event.dataTransfer.types.includes('Files') && event.target.closest?.(EDITABLE); // the field takes it
  let own = null; // what is dragged, where it is of this page
  document.addEventListener('dragstart', (event) => (own = event.target));
  document.addEventListener('dragend', () => (own = null));
  const photoOnto = (event) => own?.closest?.('#photo') && own.src && event.target.closest?.('#painter');
  document.addEventListener('dragover', (event) => {
    if (isFieldText(event)) return;
    event.preventDefault();
    const takes = own ? photoOnto(event) : event.dataTransfer.types.length;
    event.dataTransfer.dropEffect = takes ? 'copy' : 'none';
    document.body.classList.toggle('dropping', Boolean(takes));
  });
  const leave = () => document.body.classList.remove('dropping');
  document.addEventListener('dragleave', (event) => event.relatedTarget || leave());
  document.addEventListener('drop', (event) => {
    leave();
    if (isFieldText(event)) return;
    event.preventDefault(); // or the browser would leave the page for what was dropped
    const { dataTransfer } = event, photo = photoOnto(event), mine = own;
    own = null;
    if (photo) return fileOf(mine.src).then((file) => send([file]), () => say('The browser could not read what was dropped: choose it with “Open …”.'));
    if (mine) return;
    // all of it now: it is empty once the event is over
    const files = [...dataTransfer.files];
    const entries = [...dataTransfer.items].filter((item) => item.kind === 'file').map((item) => item.webkitGetAsEntry?.());
    if (files.length) openFiles(files, entries);
    else openText({ html: dataTransfer.getData('text/html'), uri: dataTransfer.getData('text/uri-list'), text: dataTransfer.getData('text/plain') });
  });
  document.addEventListener('paste', (event) => {
    const files = [...(event.clipboardData?.files || [])];
    if (!files.length || (event.target.closest?.(EDITABLE) && event.clipboardData.types.includes('text/plain'))) return;
    event.preventDefault();
    openFiles(files, []);
  });
}
