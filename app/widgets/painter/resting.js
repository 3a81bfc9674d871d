// A region that was put down stays one for as long as nothing else changes its pixels: a click takes it whole, also where
// it touches others of its class or where something in front cuts it, and nothing but it. Lifted again it goes on from
// what it was before it was turned and scaled: turned back, or enlarged again, it is what it was, to the pixel.

let resting = null; // {region, laid, shown}: `floating` as it was put down, the layout then, a mask of what is seen of it

/** Another layout is here, or none of the region. With symmetry there are two regions, which go each its own way. */
function forgetResting() {
  resting = null;
}

function rest(region) {
  const { source, mask, box, to, angle, front, twin, onAxis } = region;
  if (twin || onAxis) return forgetResting();
  const alone = new Uint8Array(W * H).fill(OUTSIDE);
  lay(alone, source, mask, box, wholeBox(to), angle);
  const shown = alone.map((id, i) => (id !== OUTSIDE && !front?.[i] ? 1 : 0));
  resting = shown.includes(1) ? { region, laid: ids.slice(), shown } : null;
}

/** Whether it is there, and what lies in front of it, too. */
function isResting() {
  if (!resting) return false;
  const { region, laid, shown } = resting;
  return ids.every((id, i) => id === laid[i] || !(shown[i] || region.front?.[i]));
}

/** The region at a pixel, as a mask: the connected one of its class, or the one that was put down last. */
function regionAt(x, y) {
  if (!isResting()) return regionMask(ids, W, H, x, y);
  const { shown } = resting;
  if (shown[y * W + x]) return shown.slice();
  return regionMask(ids.map((id, i) => (shown[i] ? OUTSIDE : id)), W, H, x, y);
}

/** Lift it again, where a mask is all of it. Returns whether it was. */
function liftAgain(mask) {
  if (!isResting() || mask.some((inside, i) => inside !== resting.shown[i])) return false;
  const { region, shown } = resting, under = ids.slice();
  everyPixel(shown, (i) => (under[i] = region.under[i])); // elsewhere something may have been painted since
  floating = { ...region, to: { ...region.to }, before: ids, under, grip: null, selection: null };
  ids = ids.slice();
  showRegion();
  return true;
}
