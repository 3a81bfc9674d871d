// Regions to visit, such as those where a reading is unsure: one key selects them one after the other and zooms to each.
// What was chosen then fills it; after the last one the whole layout is shown.

const SPOT_SHARE = 0.4; // of the stage's side that a region takes
let spots = null, spotCount = 0, spotAt = 0; // numbers of the regions (Uint8Array of W x H), how many, the last visited
let unpackingSpots = null; // the promise of regions that are on their way
let visits = false; // whether what is said is of a visit

async function loadSpots() {
  const packed = props.spots;
  spots = null;
  spotCount = spotAt = 0;
  unpackingSpots = packed ? unpackLabels(packed).catch(() => null) : null;
  if (!packed) return;
  const picture = await unpackingSpots;
  if (packed !== props.spots) return;
  unpackingSpots = null;
  if (!picture) return;
  spots = picture.ids;
  spotCount = spots.reduce((most, number) => Math.max(most, number), 0);
}

function say(text) {
  said.textContent = text;
  find('.hover').textContent = text;
}

/** What was said of a region that was visited is over: something else is selected, or nothing. */
function endVisit() {
  if (!visits) return;
  visits = false;
  say('');
}

function visitSpot() {
  if (unpackingSpots) return unpackingSpots.then(visitSpot);
  if (stroke || floating) return;
  if (!spotCount || spots.length !== ids.length) return say('No unsure region here.');
  spotAt = (spotAt + 1) % (spotCount + 1);
  if (!spotAt) {
    dropSelection();
    fit();
    say('That was the last unsure region.');
    visits = true;
    return;
  }
  const mask = spots.map((number) => (number === spotAt ? 1 : 0)), box = maskBox(mask, W);
  const larger = Math.max(box.w / W, box.h / H);
  setView(Math.min(6, Math.max(1, SPOT_SHARE / larger)), 0, 0);
  setView(zoom, (box.x + box.w / 2) / W - 0.5 / zoom, (box.y + box.h / 2) / H - 0.5 / zoom);
  side = box.x;
  setSelected(mask);
  say(`Unsure region ${spotAt} of ${spotCount}`);
  visits = true;
}
