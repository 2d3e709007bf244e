import crc32c from 'crc-32/crc32c.js';

const LENGTH_BYTES = 8;
const CRC_BYTES = 4;

/**
 * A record of a TFRecord file: little-endian uint64 length, masked CRC-32C of the length, data, masked CRC-32C of the data
 * (TensorFlow, `core/lib/io/record_writer.cc`).
 */
export function encodeRecord(data: Uint8Array): Uint8Array {
  const dataAt = LENGTH_BYTES + CRC_BYTES;
  const record = new Uint8Array(dataAt + data.length + CRC_BYTES);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(LENGTH_BYTES, maskedCrc(record.subarray(0, LENGTH_BYTES)), true);
  record.set(data, dataAt);
  view.setUint32(dataAt + data.length, maskedCrc(data), true);
  return record;
}

/** CRC-32C, rotated right by 15 bits and moved by a constant, so that a CRC over data that holds CRCs is sound. */
export function maskedCrc(data: Uint8Array): number {
  const crc = crc32c.buf(data);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
