// How a hole in a layout is closed: plain functions, independent of the page.
//
// The classes at its border go on into it, and the lines between them go on from one side to the other, as soap film
// would: each class has a share in each pixel, 1 where it is and 0 where another is, the shares in the hole are the mean
// of those beside them, and the largest one counts. The nearest class alone would leave spikes and corners: a car that is
// moved away would have a piece of the house behind it hang into the street.

const SWEEPS = 200; // at most
const EFFORT = 2e7; // shares that are computed, at most: a hole as large as the layout gets fewer sweeps

/** Call with each of the up to four pixels beside one. */
function beside(i, W, H, call) {
  const x = i % W;
  if (x > 0) call(i - 1);
  if (x < W - 1) call(i + 1);
  if (i >= W) call(i - W);
  if (i < W * (H - 1)) call(i + W);
}

/** The first and the last column and row that some pixels are in. */
function edgesOf(pixels, W) {
  let left = W, right = 0, top = Infinity, bottom = 0;
  for (const i of pixels) {
    const x = i % W, y = (i - x) / W;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  return { left, right, top, bottom };
}

/** Give the pixels the class of the nearest one that is a source, wave by wave; what no wave reaches stays. */
function spread(out, pixels, isSource, W, H) {
  const WAITS = 1, NEXT = 2, REACHED = 3, state = new Uint8Array(W * H);
  for (const i of pixels) state[i] = WAITS;
  const borders = (i) => {
    let any = false;
    beside(i, W, H, (n) => (any ||= !state[n] && isSource(n)));
    return any;
  };
  let wave = pixels.filter(borders);
  while (wave.length) {
    const classIds = wave.map((i) => {
      let id = -1;
      beside(i, W, H, (n) => id < 0 && (state[n] === REACHED || (!state[n] && isSource(n))) && (id = out[n]));
      return id;
    });
    wave.forEach((i, k) => {
      out[i] = classIds[k];
      state[i] = REACHED;
    });
    const next = [];
    for (const i of wave) {
      beside(i, W, H, (n) => {
        if (state[n] !== WAITS) return;
        state[n] = NEXT;
        next.push(n);
      });
    }
    wave = next;
  }
}

/** How much the shares of the hole's pixels may be overrelaxed: by the hole's box, in which they settle most slowly. */
function relaxation(pixels, W) {
  const { left, right, top, bottom } = edgesOf(pixels, W);
  const radius = (Math.cos(Math.PI / (right - left + 2)) + Math.cos(Math.PI / (bottom - top + 2))) / 2;
  return 2 / (1 + Math.sqrt(1 - radius * radius));
}

/** Close a hole: `pixels`, of one connected part, get the classes of the sources beside it. Without any it stays. */
function closeHole(out, pixels, isSource, W, H) {
  spread(out, pixels, isSource, W, H);
  const classIds = [...new Set(pixels.map((i) => out[i]))], n = pixels.length;
  if (classIds.length < 2) return;
  const place = new Map(pixels.map((i, k) => [i, k]));
  // of each pixel its left, right, upper and lower one: its number in the hole, −1 − its class beside it, or n for none
  const sides = new Int32Array(4 * n).fill(n), counts = new Uint8Array(n);
  pixels.forEach((i, k) => {
    beside(i, W, H, (other) => {
      const side = other === i - 1 ? 0 : other === i + 1 ? 1 : other < i ? 2 : 3, inside = place.get(other);
      if (inside === undefined && !isSource(other)) return;
      sides[4 * k + side] = inside ?? -1 - out[other];
      counts[k]++;
    });
  });
  const omega = relaxation(pixels, W), sweeps = Math.min(SWEEPS, Math.ceil(EFFORT / (n * classIds.length)));
  const most = new Float64Array(n).fill(-1), nearest = pixels.map((i) => out[i]);
  for (const id of classIds) {
    const share = (shares, at) => (at === n ? 0 : at >= 0 ? shares[at] : -1 - at === id ? 1 : 0);
    let now = Float64Array.from(nearest, (other) => (other === id ? 1 : 0)), before = now.slice();
    for (let sweep = 0; sweep < sweeps; sweep++) {
      // of two steps ago and one step ago, not of this one: what is symmetric stays so
      for (let k = 0; k < n; k++) {
        const across = share(now, sides[4 * k]) + share(now, sides[4 * k + 1]);
        const along = share(now, sides[4 * k + 2]) + share(now, sides[4 * k + 3]);
        before[k] += omega * ((across + along) / counts[k] - before[k]);
      }
      [now, before] = [before, now];
    }
    pixels.forEach((i, k) => {
      const lead = now[k] - most[k];
      if (lead > 1e-6 || (lead > -1e-6 && nearest[k] === id)) { // of two that are equal, the nearer one
        out[i] = id;
        most[k] = now[k];
      }
    });
  }
}
