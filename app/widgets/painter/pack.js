// Label maps as text, "W,H;base64(zlib(ids))": the form of semflow_core.requests.packing.pack_labels.

async function packLabels(ids, W, H) {
  const stream = new Blob([ids]).stream().pipeThrough(new CompressionStream('deflate'));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192) text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return W + ',' + H + ';' + btoa(text);
}

/** The inverse: {ids, W, H}. */
async function unpackLabels(text) {
  const [size, data] = text.split(';');
  const [W, H] = size.split(',').map(Number);
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return { ids: new Uint8Array(await new Response(stream).arrayBuffer()), W, H };
}
