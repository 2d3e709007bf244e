/**
 * Decompresses raw Snappy data of a known size (github.com/google/snappy, format_description.txt). Throws Error where the data is
 * damaged: hyparquet's own function never returns from some damaged data.
 */
export function decompressSnappy(input: Uint8Array, size: number): Uint8Array {
  let at = 0;
  let announced = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = byteAt(input, at++);
    announced += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
    if (shift === 28) throw new Error('Snappy data begins with an impossible length');
  }
  // Before memory is reserved: three bytes of input make 64 of output at most.
  if (announced !== size || size > 32 * input.length)
    throw new Error(
      `Snappy data of ${input.length} bytes announces ${announced} bytes where ${size} were expected`,
    );
  const output = new Uint8Array(size);
  let length = 0;
  while (at < input.length) {
    const tag = input[at++];
    const kind = tag & 3;
    if (kind === 0) {
      const numExtra = Math.max(0, (tag >>> 2) - 59);
      const numBytes = (numExtra === 0 ? tag >>> 2 : littleEndian(input, at, numExtra)) + 1;
      at += numExtra;
      if (numBytes > input.length - at || numBytes > size - length)
        throw new Error('Snappy data is cut off or too long');
      output.set(input.subarray(at, at + numBytes), length);
      at += numBytes;
      length += numBytes;
      continue;
    }
    const numOffsetBytes = kind === 3 ? 4 : kind;
    const distance = littleEndian(input, at, numOffsetBytes) + (kind === 1 ? (tag >>> 5) * 256 : 0);
    const numBytes = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    at += numOffsetBytes;
    if (distance === 0 || distance > length || numBytes > size - length)
      throw new Error('Snappy data refers to bytes that are not there');
    // One by one: the copy may overlap what it writes.
    for (const stop = length + numBytes; length < stop; length++) output[length] = output[length - distance];
  }
  if (length !== size) throw new Error(`Snappy data has ${length} bytes instead of ${size}`);
  return output;
}

function littleEndian(bytes: Uint8Array, at: number, numBytes: number): number {
  let value = 0;
  for (let byte = 0; byte < numBytes; byte++) value += byteAt(bytes, at + byte) * 256 ** byte;
  return value;
}

function byteAt(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new Error('Snappy data is cut off');
  return bytes[at];
}
