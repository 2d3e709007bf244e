import { inflateSync } from 'node:zlib';
import { decode, type DecodedPng } from 'fast-png';
import { messageOf } from '../../core/errors.js';
import { PIXELS, SIDE } from './rows.js';

const MAX_PNG_BYTES = 1 << 16;

/** Channels of each PNG colour type whose pictures can be grey. */
const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const GREY = 0;
const PALETTE = 3;

/**
 * The 784 grey values of a 28x28 PNG. Colour types and depths other than 8-bit grey are taken where nothing is lost: equal red, green
 * and blue, opaque, at most 8 bits. Throws Error that says what is in the way.
 */
export function decodePicture(png: Uint8Array): Uint8Array {
  const { colourType, depth, compressed } = readChunks(png);
  checkLength(compressed, SIDE * (1 + Math.ceil((SIDE * channelsOf[colourType] * depth) / 8)));
  let decoded: DecodedPng;
  try {
    decoded = decode(png, { checkCrc: true });
  } catch (error) {
    throw new Error(`it is a damaged PNG (${messageOf(error)})`, { cause: error });
  }
  if (decoded.transparency) throw new Error('it has a transparent colour');
  if (colourType === GREY && depth === 8) return Uint8Array.from(decoded.data);
  if (colourType === PALETTE && !decoded.palette) throw new Error('it has no palette');
  return toGrey(decoded, colourType === PALETTE ? decoded.palette : undefined);
}

interface Chunks {
  readonly colourType: number;
  readonly depth: number;
  /** Contents of all IDAT chunks. */
  readonly compressed: Uint8Array;
}

/** Looks at the chunks before any memory is reserved by what they announce. */
function readChunks(png: Uint8Array): Chunks {
  if (png.length > MAX_PNG_BYTES) throw new Error(`it has ${png.length} bytes, too many for 28x28 pixels`);
  const view = Buffer.from(png.buffer, png.byteOffset, png.byteLength);
  if (view.length < 33 || view.readUInt32BE(8) !== 13 || view.toString('latin1', 12, 16) !== 'IHDR')
    throw new Error(`its ${png.length} bytes are no PNG`);
  const [width, height] = [view.readUInt32BE(16), view.readUInt32BE(20)];
  if (width !== SIDE || height !== SIDE)
    throw new Error(`it has ${width}x${height} pixels instead of ${SIDE}x${SIDE}`);
  const [depth, colourType, , , interlacing] = view.subarray(24);
  if (
    !(colourType in channelsOf) ||
    ![1, 2, 4, 8].includes(depth) ||
    (depth < 8 && channelsOf[colourType] > 1)
  )
    throw new Error(
      `it has colour type ${colourType} with ${depth} bits a channel, which is not 8-bit grey or less`,
    );
  if (interlacing !== 0) throw new Error('it is interlaced');
  const parts: Uint8Array[] = [];
  for (let at = 33; ;) {
    if (at + 12 > view.length) throw new Error('it is a PNG that is cut off');
    const length = view.readUInt32BE(at);
    const type = view.toString('latin1', at + 4, at + 8);
    if (type === 'IEND') return { colourType, depth, compressed: Buffer.concat(parts) };
    if (type === 'IHDR') throw new Error('it is a PNG with two headers');
    if (type === 'IDAT') parts.push(view.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
}

/** fast-png takes what is missing of the last line for zeros, and looks at no checksum of the pixels. */
function checkLength(compressed: Uint8Array, numBytes: number): void {
  let length: number;
  try {
    ({ length } = inflateSync(compressed, { maxOutputLength: numBytes }));
  } catch (error) {
    throw new Error(`it is a damaged PNG (${messageOf(error)})`, { cause: error });
  }
  if (length !== numBytes)
    throw new Error(`it is a PNG with ${length} bytes of pixels instead of ${numBytes}`);
}

function toGrey(
  { data, channels, depth }: DecodedPng,
  palette: readonly (readonly number[])[] | undefined,
): Uint8Array {
  const grey = new Uint8Array(PIXELS);
  const bytesPerLine = data.length / SIDE;
  for (let pixel = 0; pixel < PIXELS; pixel++) {
    const [line, column] = [Math.floor(pixel / SIDE), pixel % SIDE];
    let parts: readonly number[];
    if (depth < 8 || channels === 1) {
      const bit = column * depth;
      const byte = data[line * bytesPerLine + (bit >> 3)];
      const value = (byte >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
      parts = palette ? palette[value] : [(value * 255) / (2 ** depth - 1)];
    } else parts = Array.from(data.subarray(pixel * channels, (pixel + 1) * channels));
    grey[pixel] = greyOf(parts, pixel);
  }
  return grey;
}

/** The one value of grey, grey and alpha, red, green and blue, or these and alpha. */
function greyOf(parts: readonly number[] | undefined, pixel: number): number {
  if (!parts) throw new Error(`pixel ${pixel} has a colour that is not in the palette`);
  const [red, green, blue] = parts.length < 3 ? [parts[0], parts[0], parts[0]] : parts;
  const alpha = parts.length % 2 === 0 ? parts[parts.length - 1] : 255;
  if (alpha !== 255) throw new Error(`pixel ${pixel} is not opaque`);
  if (red !== green || green !== blue) throw new Error(`pixel ${pixel} is coloured`);
  return red;
}
