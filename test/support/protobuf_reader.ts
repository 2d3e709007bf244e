import { expect } from 'chai';

/** A field of a message: its number, and a varint as a number or anything else as bytes. */
export type Field = readonly [id: number, content: number | Buffer];

/** Takes a protocol buffer message apart, knowing nothing of its kind. */
export function readMessage(message: Buffer): readonly Field[] {
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++];
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  const fields: Field[] = [];
  while (at < message.length) {
    const key = varint();
    const wireType = key & 7;
    if (wireType === 0) {
      fields.push([key >>> 3, varint()]);
      continue;
    }
    const length = wireType === 1 ? 8 : wireType === 5 ? 4 : varint();
    fields.push([key >>> 3, message.subarray(at, (at += length))]);
  }
  expect(at, 'end of a message').to.equal(message.length);
  return fields;
}

export function allBytesOf(fields: readonly Field[], id: number): readonly Buffer[] {
  return fields.flatMap(([each, content]) => (each === id && Buffer.isBuffer(content) ? [content] : []));
}

export function bytesOf(fields: readonly Field[], id: number): Buffer | undefined {
  return allBytesOf(fields, id).at(0);
}

export function numberOf(fields: readonly Field[], id: number): number | undefined {
  const numbers = fields.flatMap(([each, content]) =>
    each === id && typeof content === 'number' ? [content] : [],
  );
  return numbers.at(0);
}
