// The page in the browser's language, where there is a file of texts for it (app/texts). The page speaks English; what it
// shows is exchanged here as it comes: Gradio's own parts, the widgets', class names and sentences with figures alike.
// What is not in the file stays English. Texts that a visitor writes stand in fields, which are left alone.
// Whatever the language: where fingers are the pointer, a click is a tap; a number and its unit stay in one line.
((texts) => {
  const language = navigator.languages.map((tag) => tag.slice(0, 2)).find((name) => name === 'en' || texts[name]);
  const table = new Map(Object.entries(texts[language] || {}));
  const fingers = matchMedia('(pointer: coarse)').matches;
  const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  // "Only {}" -> a pattern; those with more words of their own are tried first
  const patterns = [...table].filter(([english]) => english.includes('{}'))
    .map(([english, text]) => [new RegExp('^' + english.split('{}').map(escape).join('(.+?)') + '$'), text.split('{}')])
    .sort(([a], [b]) => b.source.length - a.source.length);
  const decimal = (1.5).toLocaleString(language)[1];
  const word = (text) => (/^\d+\.\d+$/.test(text) ? text.replace('.', decimal) : isList(text) ? list(text) : translate(text) ?? list(text));
  const isList = (text) => text.includes(', ') && text.split(', ').every((part) => translate(part) !== null);
  const list = (text) => (text.includes(', ') ? text.split(', ').map(word).join(', ') : text); // of class names, say

  /** English -> the language; null where there is none. Spaces around it stay. */
  const translate = (english) => {
    const core = english.trim();
    if (!core) return null;
    const around = (text) => english.replace(core, () => text);
    if (table.has(core)) return around(table.get(core));
    const sentences = core.split(/(?<=[.?!]) (?=\S)/);
    const fits = patterns.map(([pattern, parts]) => [pattern.exec(core), parts]).filter(([found]) => found);
    // what stands in a place of a pattern is no end of a sentence, unless one of the sentences is not known by itself
    const within = fits.find(([found]) => !found.slice(1).some((text) => /[.?!] \S/.test(text)));
    const known = within || sentences.length < 2 ? [] : sentences.map(translate);
    const [found, parts] = within || (known.length && known.every((text) => text !== null) ? [] : fits[0] || []);
    if (found) return around(parts.reduce((text, part, i) => text + word(found[i]) + part));
    if (sentences.length < 2) return null;
    return known.some((text) => text !== null) ? around(known.map((text, i) => text ?? sentences[i]).join(' ')) : null;
  };

  const ATTRIBUTES = ['title', 'aria-label', 'placeholder', 'alt', 'aria-roledescription'];
  const OUTSIDE = 'script, style, textarea, input, [contenteditable]';
  const tapped = (english) => english.replace(/\b(c)lick(?=s?\b)/gi, (_, c) => (c === 'C' ? 'Tap' : 'tap'));
  const bound = (text) => text.replace(/(\d) (?=%|(?:s|ms|kB|MB|GB|px)\b)/g, '$1\u00a0');
  const KEYS = { 'common.complete': 'Done' }; // keys that Gradio has no text for, and says to screen readers
  const shown = (text) => {
    const english = KEYS[text] || text;
    if (!fingers || !/click/i.test(english)) return translate(english) ?? english;
    const touched = tapped(english);
    return translate(touched) ?? (table.size ? translate(english) ?? english : touched);
  };
  const exchangeText = (node) => {
    if (node.parentElement?.closest(OUTSIDE)) return;
    const text = bound(shown(node.data));
    if (text !== node.data) node.data = text;
  };
  const exchangeAttribute = (element, name) => {
    const text = element.hasAttribute(name) ? translate(element.getAttribute(name)) : null;
    if (text !== null && text !== element.getAttribute(name)) element.setAttribute(name, text);
  };
  // a menu shows its choice in a field, whose value no observer sees
  const MENU = 'input[role="combobox"]';
  const { get, set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value');
  if (table.size) {
    Object.defineProperty(HTMLInputElement.prototype, 'value', {
      configurable: true, enumerable: true, get,
      set(value) { set.call(this, this.matches(MENU) ? translate(String(value)) ?? value : value); },
    });
  }
  const exchange = (root) => {
    if (root.nodeType === Node.TEXT_NODE) return exchangeText(root);
    if (root.nodeType !== Node.ELEMENT_NODE) return;
    const walker = document.createTreeWalker(root, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT);
    for (let node = root; node; node = walker.nextNode()) {
      if (node.nodeType === Node.TEXT_NODE) exchangeText(node);
      else {
        for (const name of ATTRIBUTES) exchangeAttribute(node, name);
        if (table.size && node.matches(MENU)) node.value = get.call(node);
      }
    }
  };
  if (table.size) document.documentElement.lang = language;
  exchange(document.documentElement);
  new MutationObserver((changes) => {
    for (const { type, target, attributeName, addedNodes } of changes) {
      if (type === 'childList') addedNodes.forEach(exchange);
      else if (type === 'characterData') exchangeText(target);
      else exchangeAttribute(target, attributeName);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ATTRIBUTES });
})
