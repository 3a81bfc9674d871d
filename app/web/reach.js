// A sentence where the page's own requests come to nothing, for what stands between a browser and the studio (a reverse
// proxy, a limit of its own, a full disk) answers in codes. In the head of the page, so that it is there first.
// A connection that breaks is another case: Gradio asks for the server every two seconds and loads the page anew, and what
// the browser keeps comes back (widgets/keeper).
(() => {
  const slashless = (address) => address.replace(/\/+$/, '');
  const here = slashless(location.origin + location.pathname);
  const root = () => slashless(window.gradio_config?.root || here);
  /** The path of this studio, '' at its host's root: what it keeps in the browser is under that name. */
  window.semflowPath = () => slashless(new URL(root(), location.href).pathname);
  // Gradio itself goes to the page's own origin where the host is the same
  const expected = () => {
    const url = new URL(root(), location.href);
    return slashless((url.hostname === location.hostname ? location.origin : url.origin) + url.pathname);
  };
  const sentences = {
    401: 'You are logged out: reload the page to log in again.',
    403: 'The server does not allow this request: reload the page to log in again, or ask whoever runs it.',
    413: 'The file is larger than the server, or the proxy before it, takes: reduce it, or ask whoever runs it for a higher limit.',
    429: 'The server gets too many requests at the moment: wait a little, then try again.',
    507: 'The disk of the server is full or read-only: whoever runs it must see to it, then it goes on.',
  };
  const say = (text) => {
    let box = document.getElementById('unreachable');
    if (!box) {
      box = Object.assign(document.createElement('div'), { id: 'unreachable' });
      box.setAttribute('role', 'alert');
      box.style.cssText =
        'position:fixed;inset:auto 0 0 0;z-index:10000;padding:10px 44px 10px 16px;background:#7f1d1d;color:#fff;' +
        'font:15px/1.4 system-ui,sans-serif;overflow-wrap:anywhere';
      const close = Object.assign(document.createElement('button'), { textContent: '×', onclick: () => box.remove() });
      close.setAttribute('aria-label', 'Close');
      close.style.cssText = 'position:absolute;right:8px;top:4px;padding:4px 8px;border:0;background:none;color:inherit;font:22px/1 system-ui;cursor:pointer';
      box.append(document.createElement('span'), close);
      document.body.append(box);
    }
    if (box.firstChild.textContent !== text) box.firstChild.textContent = text;
  };
  const misplaced = () =>
    expected() !== here &&
    `This page is at ${here}, but its requests go to ${expected()}, where no studio answers. Whoever runs it must start it with ` +
      `--root-path ${location.pathname.length > 1 ? slashless(location.pathname) : here}, as docs/hosting.md describes.`;
  const judge = (url, status) => {
    if (!/\/gradio_api\//.test(url)) return;
    if (!status || status === 404 || status === 405) {
      const text = misplaced();
      if (text && url.startsWith(expected())) say(text);
    } else if (sentences[status]) say(sentences[status]);
  };
  const LONG_STROKE = 20000, SLOW_STORE = 3000; // milliseconds that a page which has to go waits for a stroke, and for the store
  const AWAY = 'The studio does not answer. You can go on painting: this browser keeps everything, and sends it when the studio is back.';
  /** Gradio asks whether the server is back. */
  const waitForServer = () => {
    try {
      sessionStorage.setItem('semflow-away', '1');
    } catch {
      // a browser may forbid a page to store anything
    }
    for (const text of document.querySelectorAll('.toast-body *')) {
      if (!text.children.length && text.textContent.startsWith('Connection to the server was lost')) text.textContent = AWAY;
    }
  };
  // What this page has on the server may be gone without a broken connection: the server was started anew while nobody
  // painted, or needed the room. Requests say which session they mean, once it is there and the visit is kept.
  let isKept = false, hasSet = false; // the visit; photos that are labelled, which the server keeps
  const isKnown = () => isKept || hasSet;
  document.addEventListener('semflow:known', ({ detail }) => (isKept = detail));
  document.addEventListener('semflow:ticket', ({ detail }) => (hasSet = Boolean(detail)));
  const naming = ([address, options, ...rest]) => {
    const session = isKnown() && typeof options?.body === 'string' && /"session_hash":"(\w+)"/.exec(options.body);
    if (!session) return [address, options, ...rest];
    const headers = new Headers(options.headers);
    headers.set('x-semflow-visit', session[1]);
    return [address, { ...options, headers }, ...rest];
  };
  const within = (milliseconds, promise) => Promise.race([promise, new Promise((done) => setTimeout(done, milliseconds))]);
  /** What is painted is finished and kept, and nothing begins any more: the page may go. */
  const settle = async () => {
    const question = { settled: null, written: null, busy: false }, until = Date.now() + LONG_STROKE;
    const ask = (event) => document.dispatchEvent(new CustomEvent('semflow:' + event, { detail: question }));
    do {
      ask('settle');
      await within(until - Date.now(), question.settled);
      ask('keep');
      await within(SLOW_STORE, question.written);
      ask('settle'); // the next stroke may have begun meanwhile
    } while (question.busy && Date.now() < until);
    document.querySelector('#painter')?.toggleAttribute('inert', true);
  };
  let isLeaving = false;
  /** -> a promise that never ends: the page goes, and what waits for its request would only say that it failed. */
  const loadAgain = () => {
    waitForServer();
    if (!isLeaving) settle().then(() => location.reload());
    isLeaving = true;
    return new Promise(() => {});
  };
  const plain = window.fetch.bind(window);
  window.fetch = async (...request) => {
    const url = new URL(request[0]?.url ?? String(request[0]), location.href).href;
    const isPoll = /\/gradio_api\/app_id$/.test(url);
    if (isPoll) waitForServer();
    try {
      const response = await plain(...naming(request));
      if (response.status === 410 && isKnown() && url.includes('/gradio_api/')) return loadAgain();
      if (isPoll && response.ok) await settle(); // Gradio loads the page anew with this answer
      if (!response.ok) judge(url, response.status);
      if (!response.ok && url.includes('/queue/join')) document.dispatchEvent(new Event('semflow:declined')); // what it was for does not come
      return response;
    } catch (error) {
      if (error.name !== 'AbortError') judge(url, 0);
      throw error;
    }
  };
  if (misplaced()) window.fetch(`${expected()}/gradio_api/startup-events`).catch(() => {}); // Gradio may have asked before
  const { open } = XMLHttpRequest.prototype; // uploads
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    this.addEventListener('loadend', () => this.status >= 400 && judge(new URL(url, location.href).href, this.status));
    return open.call(this, method, url, ...rest);
  };
})();
