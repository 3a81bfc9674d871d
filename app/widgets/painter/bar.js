// Where the selection's bar stands: beside the selection, and where it covers least of what may be clicked next. A pixel
// weighs what its share of its class is, so that the bar lies on a background or a cheek and not on an eye; one of the
// selection weighs more. Its own buttons do not move it: Grow can be pressed again where it is.

const BAR_GAP = 8; // screen pixels between the bar, the selection and the edges of the stage
const OWN = 8; // weight of the selection, compared with any other class
const AWAY = 2; // weight of a distance from the selection as long as the stage is wide

let barStays = false; // while one of the bar's buttons acts
let weighed = { ids: null, selected: null, sums: null }; // of what is covered: made once per selection

function keepBar(act) {
  barStays = true;
  try {
    act();
  } finally {
    barStays = false;
  }
}

/** Sums of the weights above and to the left of each pixel: (H + 1) rows of W + 1. */
function coverSums() {
  if (weighed.ids === ids && weighed.selected === selected) return weighed.sums;
  const areas = new Uint32Array(256);
  let own = 0;
  ids.forEach((id, i) => (selected[i] ? own++ : areas[id]++));
  const sums = new Float64Array((W + 1) * (H + 1));
  for (let y = 0; y < H; y++) {
    let row = 0;
    for (let x = 0; x < W; x++) {
      const i = y * W + x;
      row += selected[i] ? OWN / own : 1 / areas[ids[i]];
      sums[(y + 1) * (W + 1) + x + 1] = sums[y * (W + 1) + x + 1] + row;
    }
  }
  weighed = { ids, selected, sums };
  return sums;
}

/** The weight of the layout under a box of the stage, in screen pixels. */
function coveredBy(left, top, wide, high) {
  const sums = coverSums(), shown = [W / zoom / stage.clientWidth, H / zoom / stage.clientHeight];
  const column = (x) => Math.max(0, Math.min(W, Math.round(originX * W + x * shown[0])));
  const row = (y) => (W + 1) * Math.max(0, Math.min(H, Math.round(originY * H + y * shown[1])));
  const l = column(left), r = column(left + wide), t = row(top), b = row(top + high);
  return sums[b + r] - sums[b + l] - sums[t + r] + sums[t + l];
}

function placeBar() {
  bar.hidden = !selected;
  if (!selected) return;
  const box = maskBox(selected, W), wide = stage.clientWidth, high = stage.clientHeight;
  const w = bar.offsetWidth, h = bar.offsetHeight, right = wide - BAR_GAP - w, bottom = high - BAR_GAP - h;
  const l = (box.x / W - originX) * zoom * wide, r = ((box.x + box.w) / W - originX) * zoom * wide;
  const t = (box.y / H - originY) * zoom * high, b = ((box.y + box.h) / H - originY) * zoom * high;
  const x = (l + r - w) / 2, y = (t + b - h) / 2;
  const inside = (from, most) => Math.max(BAR_GAP, Math.min(most, from)); // a stage narrower than the bar: at its left
  const lefts = [x, l - BAR_GAP - w, r + BAR_GAP, l, r - w, BAR_GAP, right, right / 2];
  const tops = [t - BAR_GAP - h, b + BAR_GAP, y, t, b - h, BAR_GAP, bottom, bottom / 2];
  let best = null, least = Infinity;
  for (const anyTop of tops) for (const anyLeft of lefts) {
    const left = inside(anyLeft, right), top = inside(anyTop, bottom);
    const far = Math.hypot(Math.max(0, l - left - w, left - r), Math.max(0, t - top - h, top - b));
    const aside = Math.hypot(left - x, top - y); // of two places that cover as much, the nearer one
    const weight = coveredBy(left, top, w, h) + (AWAY * far + aside / 10) / wide;
    if (weight < least) [best, least] = [[left, top], weight];
  }
  bar.style.left = best[0] + 'px';
  bar.style.top = best[1] + 'px';
}
