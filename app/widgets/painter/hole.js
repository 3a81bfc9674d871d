// What a region leaves when it is taken away, and what lies in front of it: plain functions, independent of the page.
//
// A layout has no layers, but a person sees some: the eyes lie in front of the glasses, the face behind them. So
// - the hole is closed by what surrounds the region (close.js), and not by features: eyes keep their size when the glasses
//   are gone, and so do a nose or a brow that only touch them;
// - a feature that the region encloses, wholly or mostly, stays whole where it is: the region goes behind it, and its
//   shape has no gap where the feature was. What surrounds the region shows through it instead, as the skin through a
//   thin frame: there the gap goes with the region;
// - where it encloses a feature that has a mirror partner, as glasses do the eyes, the others that have one stay in front
//   of it too, wherever they are: it may come to lie under a brow, and wipes none out;
// - glasses are behind them also where they enclose none, as one that was drawn beside the eyes, or is pasted.

const MUCH = 0.25; // of a region's outer border: a class that has as much of it surrounds it, however small it is

/** The connected parts of the pixels that are `open`, from the seeds on: a list of lists. Neighbours must join, too. */
function connectedParts(seeds, open, W, H, joins = () => true) {
  const seen = new Uint8Array(W * H), parts = [];
  for (const seed of seeds) {
    if (seen[seed] || !open(seed)) continue;
    const part = [seed];
    seen[seed] = 1;
    for (let k = 0; k < part.length; k++) {
      beside(part[k], W, H, (n) => {
        if (seen[n] || !open(n) || !joins(part[k], n)) return;
        seen[n] = 1;
        part.push(n);
      });
    }
    parts.push(part);
  }
  return parts;
}

/** The border of a connected part with what it does not enclose: pixel -> how many of its sides are the part's. */
function outerBorder(part, W, H) {
  const own = new Uint8Array(W * H), border = new Map();
  for (const i of part) own[i] = 1;
  for (const i of part) beside(i, W, H, (n) => !own[n] && border.set(n, (border.get(n) || 0) + 1));
  const { left, right, top, bottom } = edgesOf(part, W);
  const within = (i) => i % W >= left && i % W <= right && i >= top * W && i < (bottom + 1) * W;
  // a way past the part leaves its box, and outside of the box there is nothing in the way
  const edge = [];
  for (let x = left; x <= right; x++) edge.push(top * W + x, bottom * W + x);
  for (let y = top; y <= bottom; y++) edge.push(y * W + left, y * W + right);
  const outside = new Set(connectedParts(edge, (i) => within(i) && !own[i], W, H).flat());
  for (const i of border.keys()) if (within(i) && !outside.has(i)) border.delete(i);
  return border;
}

/** The classes that fill a part's place: those larger than it, and those with much of its outer border; not its own. */
function surroundings(ids, part, border, areas) {
  const shares = new Map();
  let sides = 0;
  for (const [i, n] of border) {
    shares.set(ids[i], (shares.get(ids[i]) || 0) + n);
    sides += n;
  }
  const own = part.every((i) => ids[i] === ids[part[0]]) ? ids[part[0]] : -1; // another car beside it is no surroundings
  const others = [...shares.keys()].filter((id) => id !== own), some = others.length ? others : [...shares.keys()];
  const large = some.filter((id) => areas[id] > part.length || shares.get(id) >= MUCH * sides);
  return new Set(large.length ? large : some);
}

/**
 * The layout without the masked pixels, which pixels they enclose, and which lie in front of them wherever they go:
 * {ids, enclosed, front}. A part that has nothing around it becomes `background`. isPaired(id): whether a class has a
 * mirror partner; isBehind(id): whether one is always behind those.
 */
function takeAway(ids, mask, W, H, background, isPaired, isBehind) {
  const out = ids.slice(), areas = new Uint32Array(256), masked = [], filling = new Set();
  ids.forEach((id, i) => (mask[i] ? masked.push(i) : areas[id]++));
  for (const part of connectedParts(masked, (i) => mask[i], W, H)) {
    const border = outerBorder(part, W, H), classIds = surroundings(ids, part, border, areas);
    for (const i of part) out[i] = background;
    closeHole(out, part, (i) => border.has(i) && classIds.has(ids[i]), W, H);
    for (const id of classIds) filling.add(id);
  }
  const enclosed = new Uint8Array(W * H), open = (i) => !mask[i] && !filling.has(ids[i]), seeds = new Set();
  for (const i of masked) beside(i, W, H, (n) => open(n) && seeds.add(n));
  const sameClass = (i, n) => ids[i] === ids[n], any = () => true;
  for (const joins of [sameClass, any]) { // a brow that touches the glasses, and the lips with the mouth between them
    for (const part of connectedParts(seeds, open, W, H, joins)) {
      let sides = 0, covered = 0;
      for (const i of part) {
        beside(i, W, H, (n) => {
          if (open(n) && joins(i, n)) return;
          sides++;
          covered += mask[n];
        });
      }
      if (2 * covered > sides) for (const i of part) enclosed[i] = 1;
    }
  }
  const goesBehindPairs = masked.every((i) => isBehind(ids[i])) || enclosed.some((inside, i) => inside && isPaired(ids[i]));
  const front = goesBehindPairs ? enclosed.map((inside, i) => inside || (!mask[i] && isPaired(ids[i]) ? 1 : 0)) : enclosed;
  return { ids: out, enclosed, front };
}

/** What of a layout stays in front of a region that comes from elsewhere: a mask, or null for nothing. */
function inFrontOf(source, mask, ids, isPaired, isBehind) {
  const isWorn = mask.every((inside, i) => !inside || isBehind(source[i]));
  return isWorn ? ids.map((id) => (isPaired(id) ? 1 : 0)) : null;
}

/** A masked region whose shape goes on behind what it encloses: {source, mask}, the classes and their pixels. */
function goOnBehind(ids, mask, enclosed, W, H) {
  const rows = new Map(), columns = new Map(); // number -> the first and the last masked pixel
  const note = (ends, at, to) => ends.set(at, [Math.min(to, ends.get(at)?.[0] ?? to), Math.max(to, ends.get(at)?.[1] ?? to)]);
  mask.forEach((inside, i) => {
    if (!inside) return;
    note(rows, Math.floor(i / W), i % W);
    note(columns, i % W, Math.floor(i / W));
  });
  const between = (ends, at, to) => ends.has(at) && to > ends.get(at)[0] && to < ends.get(at)[1];
  const behind = [];
  enclosed.forEach((inside, i) => {
    if (inside && (between(rows, Math.floor(i / W), i % W) || between(columns, i % W, Math.floor(i / W)))) behind.push(i);
  });
  const source = ids.slice(), whole = mask.slice();
  spread(source, behind, (i) => mask[i], W, H);
  for (const i of behind) whole[i] = 1;
  return { source, mask: whole };
}

/** A region as it is copied: one that lies behind what has a mirror partner goes on behind it. {source, mask}. */
function wholeBehind(ids, mask, W, H, isPaired, isBehind) {
  if (!mask.every((inside, i) => !inside || isBehind(ids[i]))) return { source: ids, mask };
  const { enclosed } = takeAway(ids, mask, W, H, 0, isPaired, isBehind);
  return goOnBehind(ids, mask, enclosed.map((inside, i) => (inside && isPaired(ids[i]) ? 1 : 0)), W, H);
}
