// The gallery. props: layouts, photos [{title, picture (URL)}]. events: 'layout' {index}, 'photo' {index}, 'blank', 'browse'.

const box = element.querySelector('.gallery');
const BRUSH = 'M9.500 14.500 19 5a1.800 1.800 0 0 0-2.600-2.600L7 12M7 12c-2.200 0-3.500 1.500-3.500 3.500 0 2-1.500 3-1.500 3 1 1.200 3 2 4.800 2 2.700 0 4.200-2 4.200-4.200 0-2.500-1.800-4.300-4-4.300z';
const FOLDER = 'M3.500 7V18a1.500 1.500 0 0 0 1.500 1.500h14a1.500 1.500 0 0 0 1.500-1.500V8.500A1.500 1.500 0 0 0 19 7h-7L10 4.500H5A1.500 1.500 0 0 0 3.500 6z';

function card(title, hint, content, act) {
  const button = Object.assign(document.createElement('button'), { type: 'button', className: 'card', title: hint });
  const name = Object.assign(document.createElement('span'), { textContent: title });
  button.append(content, name);
  button.addEventListener('click', act);
  return button;
}

function icon(path) {
  const frame = document.createElement('i');
  frame.innerHTML = `<svg viewBox="0 0 24 24" aria-hidden="true"><path d="${path}"/></svg>`;
  return frame;
}

const picture = (url, className) => Object.assign(new Image(), { src: url, alt: '', className });

function show() {
  box.replaceChildren(
    ...props.layouts.map((c, index) =>
      card(c.title, 'A layout to paint on', picture(c.picture, 'layout'), () => trigger('layout', { index }))),
    ...props.photos.map((c, index) =>
      card(c.title, 'A photo to read and edit', picture(c.picture, 'photo'), () => trigger('photo', { index }))),
    card('Draw your own', 'An empty canvas', icon(BRUSH), () => trigger('blank')),
    card('Your photo …', 'A photo, a layout or a project from your computer', icon(FOLDER), () => trigger('browse')),
  );
}

watch(['layouts', 'photos'], show);
show();
