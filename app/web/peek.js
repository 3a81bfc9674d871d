// On a narrow page the photo lies below the layout: while it is out of sight, a small one floats over the page.
() => {
  const photo = document.querySelector('#photo');
  const painter = document.querySelector('#painter');
  if (!photo || !painter) return;
  const peek = document.createElement('button');
  peek.id = 'peek';
  peek.type = 'button';
  peek.setAttribute('aria-label', 'Go to the photo');
  const small = peek.appendChild(new Image());
  small.alt = '';
  photo.after(peek); // inside the page, where its style sheet reaches
  peek.addEventListener('click', () => photo.scrollIntoView({ behavior: 'smooth', block: 'center' }));

  const seen = new Map();
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) seen.set(entry.target, entry.intersectionRatio);
    peek.classList.toggle('shown', seen.get(photo) < 0.3 && seen.get(painter) > 0.3);
  }, { threshold: [0.3] });
  watch.observe(photo);
  watch.observe(painter);

  const follow = () => {
    const now = photo.querySelector('img')?.src;
    if (now && small.src !== now) small.src = now;
  };
  new MutationObserver(follow).observe(photo, { subtree: true, childList: true, attributes: true, attributeFilter: ['src'] });
  follow();
}
