// Label maps as text, "W,H;base64(zlib(ids))": the form of semflow_core.requests.packing.pack_labels; where they label a
// photo of a set, ";" and its number follow. ";" and the number of what landed here may follow on the way to Python.

/** Whose layout a text is: the number of a photo that is labelled, "" for none. */
const numberOf = (text) => text.split(';')[2] || '';

async function packLabels(ids, W, H, number, landing) {
  const stream = new Blob([ids]).stream().pipeThrough(new CompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return W + ',' + H + ';' + btoa(text) + (landing ? ';' + number + ';' + landing : number && ';' + number);
}

/** The inverse: {ids, W, H, number}. Throws where the ids are not as many as the size says. */
async function unpackLabels(text) {
  const [size, data] = text.split(';');
  const [W, H] = size.split(',').map(Number);
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  const ids = new Uint8Array(await new Response(stream).arrayBuffer());
  if (!Number.isInteger(W) || !Number.isInteger(H) || W < 1 || H < 1 || ids.length !== W * H) throw new RangeError('a layout of another size');
  return { ids, W, H, number: numberOf(text) };
}
