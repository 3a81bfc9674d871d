// What each tool does with a pointer that goes down, moves and comes up, given in label pixels. A tool's `down`
// returns the stroke, a state that lives until the pointer is up, or nothing if there is nothing to follow.

const TINY = 2; // brush radii up to this are snapped to the pixel grid: a brush of 1 is one pixel, of 2 is two
const sizeInput = find('.size');

let tool = 'brush', toolBeforePick = 'brush', brushShape = 'round', fillEverywhere = false, symmetry = false;
let stroke = null; // {before, at, ...} while the pointer is down
let erasing = false; // whether it is the eraser end of a pen that is down
let ring = null; // {at, r}: where the brush would paint
let corners = [], aim = null; // corners of the polygon under way, and the pointer's position while it is open

/** What to do with a shape's spans: paint the class, and with symmetry its mirror class on the other side. */
function painter(id, start) {
  if (!symmetry) return (y, left, right) => ids.fill(id, y * W + left, y * W + right + 1);
  const other = mirrorOf[id], startsLeft = start[0] < W / 2;
  // the class belongs to the side where the stroke began, so that what crosses the axis stays symmetric too
  return (y, left, right) => {
    for (let x = left; x <= right; x++) {
      const own = 2 * x + 1 < W === startsLeft || 2 * x + 1 === W;
      ids[y * W + W - 1 - x] = own ? other : id;
      ids[y * W + x] = own ? id : other;
    }
  };
}

// ---- brush and eraser ------------------------------------------------------------------------------

function radius(event) {
  const full = sizeInput.value / 2;
  return event.pointerType === 'pen' && event.pressure ? Math.max(0.5, full * (0.3 + 0.7 * event.pressure)) : full;
}

/** Where the brush sits for a pointer at a point: {at, r}. */
function brushAt(event, at) {
  let r = radius(event);
  if (brushShape === 'round' && r > TINY) return { at, r };
  r = Math.round(2 * r) / 2; // whole pixels wide, with its edges on the pixel grid
  return { at: at.map((p) => Math.round(p - r) + r), r };
}

const dab = {
  down(event, at) {
    const spot = brushAt(event, at);
    stroke = { before: ids.slice(), spot, span: painter(paintedClass(), at) };
    this.move(event, at);
  },
  move(event) {
    const draw = brushShape === 'square' ? squareStroke : roundStroke;
    // all positions since the last frame, or fast strokes would have corners
    const coalesced = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const each of coalesced.length ? coalesced : [event]) {
      const to = brushAt(each, place(each));
      draw(W, H, stroke.spot.at, to.at, to.r, stroke.span);
      stroke.spot = to;
    }
    redraw();
  },
  up() {
    finish(stroke.before);
  },
};

// ---- fill ------------------------------------------------------------------------------------------

/** Fill from a point; with symmetry also from its mirror point, where the mirror class lies. */
function fillFrom(x, y, id) {
  const from = ids[y * W + x];
  const areaFrom = (px, cls) => (fillEverywhere ? ids.map((v) => v === cls) : regionMask(ids, W, H, px, y));
  const put = (mask, cls) => mask.forEach((inside, i) => inside && (ids[i] = cls));
  const mask = areaFrom(x, from);
  if (!symmetry) return put(mask, id);
  const mx = W - 1 - x, partner = mirrorOf[from], paired = ids[y * W + mx] === partner;
  const whole = fillEverywhere ? partner === from : paired && mask[y * W + mx];
  if (!whole) {
    const twin = fillEverywhere || paired ? areaFrom(mx, partner) : null; // before the first fill changes anything
    put(mask, id);
    if (twin) put(twin, mirrorOf[id]);
  } else {
    const span = painter(id, [x, y]);
    mask.forEach((inside, i) => inside && span(Math.floor(i / W), i % W, i % W));
  }
}

const fill = {
  down(event, at) {
    stroke = { before: ids.slice() };
    if (idAt(at) !== null) fillFrom(Math.floor(at[0]), Math.floor(at[1]), current);
    redraw();
  },
  up() {
    finish(stroke.before);
  },
};

// ---- shapes ----------------------------------------------------------------------------------------

const SHAPES = {
  rectangle: ([a, b], span) => rectangle(W, H, a, b, span),
  ellipse: ([a, b], span) => ellipse(W, H, a, b, span),
  lasso: (points, span) => polygon(W, H, points, span),
};

/** The outline of a shape while it is dragged. */
function shapeLine(points) {
  if (tool === 'lasso') return (p) => path(p, 'Z');
  return ([a, b]) => {
    const box = cornersBox(a, b), left = box.left, top = box.top, w = box.right + 1 - left, h = box.bottom + 1 - top;
    if (tool === 'rectangle') return `M${left} ${top}h${w}v${h}h${-w}z`;
    return `M${left} ${top + h / 2}a${w / 2} ${h / 2} 0 1 0 ${w} 0a${w / 2} ${h / 2} 0 1 0 ${-w} 0`;
  };
}

const shape = {
  down(event, at) {
    stroke = { before: ids.slice(), points: [at, at], id: current };
  },
  move(event, at) {
    const { points } = stroke;
    if (tool === 'lasso') {
      points.push(at);
      return;
    }
    const [a] = points, dx = at[0] - a[0], dy = at[1] - a[1], side = Math.max(Math.abs(dx), Math.abs(dy));
    points[1] = event.shiftKey ? [a[0] + (dx < 0 ? -side : side), a[1] + (dy < 0 ? -side : side)] : at;
  },
  up() {
    SHAPES[tool](stroke.points, painter(stroke.id, stroke.points[0]));
    finish(stroke.before);
  },
};

// ---- polygon ---------------------------------------------------------------------------------------

const corner = {
  down(event, at) {
    const near = (p) => Math.hypot(p[0] - at[0], p[1] - at[1]) <= REACH * screenPixel();
    if (corners.length > 2 && near(corners[0])) return closePolygon();
    if (!corners.length || !near(corners[corners.length - 1])) corners.push(at); // a double click is one corner
    aim = null;
    stroke = {};
    showCorners();
  },
  move(event, at) {
    if (stroke) corners[corners.length - 1] = at; // until the pointer is up the corner can be shifted
  },
  up() {},
  cancel() {
    dropCorner();
  },
};

function closePolygon() {
  const points = corners;
  dropPolygon();
  if (points.length < 3) return;
  trigger('begin');
  const before = ids.slice();
  polygon(W, H, points, painter(current, points[0]));
  finish(before);
}

function dropCorner() {
  corners.pop();
  showCorners();
}

function dropPolygon() {
  corners = [];
  showCorners();
}

function showCorners() {
  if (!corners.length) aim = null;
  showHistory();
  showOptions();
  showLines();
}

// ---- move, pick ------------------------------------------------------------------------------------

const mover = {
  down(event, at) {
    if (!floating) {
      if (selected && selected[Math.floor(at[1]) * W + Math.floor(at[0])]) liftSelection();
      else lift(at);
      dropSelection();
      if (!floating) return send();
      floating.grip = { from: at, box: { ...floating.to } };
    } else {
      floating.grip = gripAt(at, (event.pointerType === 'touch' ? REACH_OF_A_FINGER : REACH) * screenPixel());
      if (!floating.grip) return finishRegion();
    }
    stroke = { back: { to: { ...floating.to }, angle: floating.angle } };
  },
  move(event, at) {
    dragRegion(at, event.shiftKey);
  },
  up() {
    floating.grip = null;
    send();
  },
  cancel() {
    Object.assign(floating, stroke.back);
    compose();
    this.up();
  },
};

const pick = {
  down(event, at) {
    const id = idAt(at);
    if (classOf.has(id)) choose(id);
  },
};

const select = {
  down(event, at) {
    selectAt(at, howOf(event));
    tellChosen(at);
  },
};

const TOOLS = {
  brush: dab, eraser: dab, fill, rectangle: shape, ellipse: shape, lasso: shape, polygon: corner, move: mover, pick, select,
};
const BEGINS = [dab, fill, shape, mover]; // whose first touch already means that the layout will change
const DRAWN = [dab, shape]; // whose way between down and up counts, also when the keyboard leads them

// ---- choosing --------------------------------------------------------------------------------------

function useTool(name) {
  if (stroke) return;
  if (!['select', 'move', 'pick'].includes(name)) dropSelection();
  if (name !== 'pick' && floating) putDown();
  if (name !== 'pick' && name !== 'polygon') dropPolygon();
  if (name === 'pick' && tool !== 'pick') toolBeforePick = tool === 'eraser' ? 'brush' : tool;
  tool = name;
  for (const button of element.querySelectorAll('[data-tool]')) {
    button.setAttribute('aria-pressed', button.dataset.tool === name);
    button.tabIndex = button.dataset.tool === name ? 0 : -1;
  }
  stage.dataset.using = name;
  tellKeeper();
  ring = null;
  showOptions();
  showChoice();
  showLines();
}

/** The row under the canvas: what the chosen tool offers at this moment. */
function showOptions() {
  for (const option of element.querySelectorAll('[data-for]')) {
    const during = { polygon: corners.length > 0, move: floating !== null }[tool] ? tool + '-begun' : tool;
    option.hidden = !option.dataset.for.split(' ').includes(during);
  }
  find('[data-do=close]').disabled = corners.length < 3;
}

function setSymmetry(on) {
  symmetry = on;
  find('[data-do=mirror]').setAttribute('aria-pressed', on);
  showLines();
}

function setBrushShape(name) {
  brushShape = name;
  for (const button of element.querySelectorAll('[data-shape]')) {
    button.setAttribute('aria-pressed', button.dataset.shape === name);
  }
  tellKeeper();
}

function setFill(reach) {
  fillEverywhere = reach === 'everywhere';
  for (const button of element.querySelectorAll('[data-fill]')) {
    button.setAttribute('aria-pressed', button.dataset.fill === reach);
  }
}

function nudgeSize(by) {
  sizeInput.value = Number(sizeInput.value) + by;
  showSize();
}

function showSize() {
  find('.size-text').textContent = sizeInput.value;
  tellKeeper();
}
