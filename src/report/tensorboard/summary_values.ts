import type { SummaryValue } from './event_proto.js';

const metadataOf = (pluginName: string) => ({ pluginData: { pluginName } });
const scalarMetadata = metadataOf('scalars');
const textMetadata = metadataOf('text');
/** Of TensorBoard's types.proto. */
const DT_STRING = 7;

/** A point of a curve; rounded to float32. */
export function scalar(tag: string, simpleValue: number): SummaryValue {
  return { tag, simpleValue, metadata: scalarMetadata };
}

/** A text, shown as Markdown. */
export function markdown(tag: string, text: string): SummaryValue {
  const tensor = { dtype: DT_STRING, tensorShape: {}, stringVal: [new TextEncoder().encode(text)] };
  return { tag, tensor, metadata: textMetadata };
}

/** A PNG picture. Throws TypeError where it is none. */
export function image(tag: string, png: Uint8Array): SummaryValue {
  return { tag, image: { ...sizeOf(tag, png), encodedImageString: png } };
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Signature; length and name of the chunk IHDR; width and height. */
const PNG_HEADER_BYTES = 24;

function sizeOf(tag: string, png: Uint8Array): { height: number; width: number } {
  if (png.length < PNG_HEADER_BYTES || PNG_SIGNATURE.some((byte, at) => png[at] !== byte))
    throw new TypeError(`The picture "${tag}" is not a PNG file.`);
  const header = new DataView(png.buffer, png.byteOffset);
  return { width: header.getUint32(16), height: header.getUint32(20) };
}
