// A region that was put down stays one for as long as nothing else changes its pixels: a click takes it whole, also where
// it touches others of its class or where something in front cuts it, and nothing but it. Lifted again it goes on from
// what it was before it was turned and scaled: turned back, or enlarged again, it is what it was, to the pixel. With
// symmetry it rests together with the region on the other side, for as long as there is symmetry.

// {region, laid, shown, twin}: `floating` as it was put down, the layout then, masks of what is seen of it and of the one
// on the other side
let resting = null;

/** Another layout is here, or none of the region. */
function forgetResting() {
  resting = null;
}

/** A region that lies in an otherwise empty layout, and what is in front of it: a mask of what is seen of it. */
function seen(source, mask, box, to, angle, front) {
  const alone = new Uint8Array(W * H).fill(OUTSIDE);
  lay(alone, source, mask, box, wholeBox(to), angle);
  return alone.map((id, i) => (id !== OUTSIDE && !front?.[i] ? 1 : 0));
}

function rest(region) {
  const { source, mask, box, to, angle, front, twin } = region;
  const shown = seen(source, mask, box, to, angle, front);
  const other = twin && seen(twin.source, twin.mask, twin.box, twinsPlace(wholeBox(to), box, twin.box), -angle, front);
  if (other) everyPixel(other, (i) => (shown[i] = 1));
  resting = shown.includes(1) ? { region, laid: ids.slice(), shown, twin: other } : null;
}

/** Whether it moved with the one on the other side, or along the axis. */
const isMirrored = ({ twin, onAxis }) => Boolean(twin) || onAxis;

/** Whether it is there, and what lies in front of it, too. */
function isResting() {
  if (!resting) return false;
  const { region, laid, shown } = resting;
  if (isMirrored(region) && !symmetry) return false; // each of the two goes its own way now
  return ids.every((id, i) => id === laid[i] || !(shown[i] || region.front?.[i]));
}

/** The region at a pixel, as a mask: the connected one of its class, or what was put down last. */
function regionAt(x, y) {
  if (!isResting()) return regionMask(ids, W, H, x, y);
  const { shown } = resting;
  if (shown[y * W + x]) return shown.slice();
  return regionMask(ids.map((id, i) => (shown[i] ? OUTSIDE : id)), W, H, x, y);
}

/**
 * Lift it again, where a mask is all of it. Returns whether it was.
 * `at`: the pixel that was taken hold of, or null where the mask is lifted as one piece.
 */
function liftAgain(mask, at = null) {
  if (!isResting() || mask.some((inside, i) => inside !== resting.shown[i])) return false;
  const { region, shown, twin } = resting;
  if (isMirrored(region) !== (at !== null && symmetry)) return false;
  const under = ids.slice();
  everyPixel(shown, (i) => (under[i] = region.under[i])); // elsewhere something may have been painted since
  const held = at !== null && twin?.[at] ? otherSideOf(region) : { ...region, to: { ...region.to } };
  floating = { ...held, before: ids, under, grip: null, selection: null };
  ids = ids.slice();
  showRegion();
  return true;
}

/** A region with its twin, held by the twin. */
function otherSideOf(region) {
  const { source, mask, box, to, angle, twin } = region;
  return { ...region, ...twin, to: twinsPlace(wholeBox(to), box, twin.box), angle: -angle, twin: { source, mask, box } };
}
