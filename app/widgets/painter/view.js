// The view: which part of the layout the stage shows, how positions on the screen become label pixels, and the
// lines drawn over the layout (brush ring, outlines, handles). Zooming never touches the layout.

const PIXEL_AT_MOST = 32; // screen pixels of one label pixel at the largest zoom
const PHOTO_COVER = 60; // per cent: a photo that lands shines through its layout
const sheet = find('.sheet'), over = find('.over'), under = find('.under'), heat = find('.heat');
const coverInput = find('.cover');

let zoom = 1, originX = 0, originY = 0; // the stage's left upper corner, as shares of the layout's sides

function setView(newZoom, x, y) {
  const largest = Math.max(1, (PIXEL_AT_MOST * W) / (stage.clientWidth || W));
  zoom = Math.min(largest, Math.max(1, newZoom));
  originX = Math.min(1 - 1 / zoom, Math.max(0, x));
  originY = Math.min(1 - 1 / zoom, Math.max(0, y));
  sheet.style.transform = `scale(${zoom}) translate(${-100 * originX}%, ${-100 * originY}%)`;
  // the lines have a viewport of their own, not a transform: they stay as thin and handles as large as they are
  over.setAttribute('viewBox', [originX * W, originY * H, W / zoom, H / zoom].join(' '));
  stage.classList.toggle('zoomed', zoom > 1);
  find('[data-do=fit]').textContent = Math.round(100 * zoom) + ' %';
  find('[data-do=zoom-out]').disabled = zoom === 1;
  placeBar();
  showLines();
}

function fit() {
  setView(1, 0, 0);
}

/** Zoom by a factor around a point of the stage, given as shares of its sides. */
function zoomBy(factor, cx = 0.5, cy = 0.5) {
  const x = originX + cx / zoom, y = originY + cy / zoom, before = zoom;
  setView(zoom * factor, 0, 0); // clamps the zoom
  setView(zoom, x - cx / zoom, y - cy / zoom);
  return zoom !== before;
}

/** Screen position -> shares of the stage's sides. */
function onStage({ clientX, clientY }) {
  const box = stage.getBoundingClientRect();
  return [(clientX - box.left) / box.width, (clientY - box.top) / box.height];
}

/** Screen position -> label pixels, not rounded. The keyboard's cursor has them already. */
function place(event) {
  if (event.at) return event.at;
  const [x, y] = onStage(event);
  return [(originX + x / zoom) * W, (originY + y / zoom) * H];
}

/** Label pixels in one screen pixel. */
function screenPixel() {
  return W / zoom / stage.clientWidth;
}

function turnWheel(event) {
  const factor = Math.exp(-event.deltaY * (event.deltaMode ? 0.03 : event.ctrlKey ? 0.01 : 0.0015));
  if (floating && !event.ctrlKey) {
    event.preventDefault();
    scaleRegion(factor);
  } else if (zoom > 1 || factor > 1) {
    event.preventDefault(); // at 100 % the wheel backwards still scrolls the page
    zoomBy(factor, ...onStage(event));
  }
}

// ---- pictures under and over the layout ------------------------------------------------------------

function showCover() {
  canvas.style.opacity = under.hidden ? 1 : coverInput.value / 100;
  find('.cover-text').textContent = coverInput.value + ' %';
}

function showPhoto(url) {
  under.hidden = !url;
  if (url) under.src = url;
  coverInput.disabled = !url;
  coverInput.value = url ? PHOTO_COVER : 100;
  showCover();
}

function showHeat(url) {
  heat.hidden = !url;
  if (url) heat.src = url;
}

// ---- lines -----------------------------------------------------------------------------------------

const path = (points, end = '') => (points.length ? 'M' + points.map((p) => p.join(' ')).join('L') + end : '');
const circle = ([x, y], r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`;
const square = ([x, y], r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`;
const rays = ([x, y], from, to) => [[1, 0], [-1, 0], [0, 1], [0, -1]]
  .map(([dx, dy]) => `M${x + from * dx} ${y + from * dy}L${x + to * dx} ${y + to * dy}`).join('');
const across = ([x, y]) => [W - x, y]; // the mirrored point

/** Everything drawn over the layout, from the state that the tools keep. */
function showLines() {
  const both = (points, draw) => draw(points) + (symmetry ? draw(points.map(across)) : '');
  const dot = 4 * screenPixel();
  let outline = '', dots = '';
  if (corners.length) {
    const reach = corners.concat(aim ? [aim] : []);
    outline = both(reach, (points) => path(points, corners.length > 1 ? 'Z' : ''));
    dots = corners.map((p, i) => circle(p, i ? dot : 1.5 * dot)).join('');
  } else if (stroke && stroke.points) {
    outline = both(stroke.points, shapeLine(stroke.points));
  } else if (floating) {
    outline = path(regionCorners(), 'Z');
    dots = regionHandles().map(({ at }) => square(at, dot)).join('') + (floating.onAxis ? '' : circle(turnHandle(), 1.5 * dot));
  }
  showAmount();
  find('.outline').setAttribute('d', outline);
  find('.dots').setAttribute('d', dots);
  find('.axis').setAttribute('d', symmetry ? `M${W / 2} 0V${H}` : '');
  find('.cursor').setAttribute('d', keyed ? rays(cursorEvent().at, 0.5 + dot / 2, 0.5 + 3 * dot) : '');
  const mark = ring && (brushShape === 'square' ? square : circle);
  find('.ring').setAttribute('d', ring ? mark(ring.at, ring.r) + (symmetry ? mark(across(ring.at), ring.r) : '') : '');
}
