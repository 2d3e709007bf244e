/**
 * Numbers of `bitWidth` bits in runs of equal ones and in packed groups of eight: the RLE / bit-packing hybrid of the Parquet format
 * (github.com/apache/parquet-format, Encodings.md). Throws Error where the runs do not give `numValues` numbers.
 */
export function readRuns(bytes: Buffer, numValues: number, bitWidth: number): Uint32Array {
  if (bitWidth > 24) throw new Error(`numbers of ${bitWidth} bits are not supported`);
  const values = new Uint32Array(numValues);
  const valueBytes = Math.ceil(bitWidth / 8);
  let at = 0;
  for (let done = 0; done < numValues;) {
    const header = readVarint();
    const count = Math.floor(header / 2);
    if (count === 0) throw new Error('a page has a run of no values');
    if (header % 2 === 0) {
      if (count > numValues - done) throw new Error('a page has a run of too many values');
      values.fill(take(valueBytes), done, done + count);
      done += count;
    } else {
      const stop = Math.min(numValues, done + 8 * count);
      for (let bits = 0, numBits = 0; done < stop; done++) {
        for (; numBits < bitWidth; numBits += 8) bits |= take(1) << numBits;
        values[done] = bits & (2 ** bitWidth - 1);
        bits >>>= bitWidth;
        numBits -= bitWidth;
      }
    }
  }
  return values;

  function readVarint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = take(1);
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new Error('a page has an impossible run');
  }

  function take(numBytes: number): number {
    if (numBytes === 0) return 0;
    at += numBytes;
    if (at > bytes.length) throw new Error('a page is cut off');
    return bytes.readUIntLE(at - numBytes, numBytes);
  }
}
