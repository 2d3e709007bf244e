import { decode, encode } from '@msgpack/msgpack';
import { expect } from 'chai';
import fc from 'fast-check';
import { ProtocolError } from '../../../../src/core/errors.js';
import {
  decodeMessage,
  encodeMessage,
  MAX_MESSAGE_BYTES,
  type Encoded,
} from '../../../../src/link/nats/message_bytes.js';
import { thrown } from '../../../support/link_errors.js';

describe('messages as bytes', () => {
  it('are the same after their way, to the last bit of a number', () => {
    const values = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
    );
    const keys = fc.string().filter((key) => key !== '__proto__');
    const { tree: messages } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 4 },
        values,
        fc.array(tie('tree')),
        fc.dictionary(keys, tie('tree'), { noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(messages, (message) => {
        const same = JSON.stringify(message) === '-0' ? 0 : message;
        expect(decodeMessage(encodeMessage(message).bytes)).to.deep.equal(withoutNegativeZero(same));
      }),
    );
  });

  it('give every buffer as one of its own, and take those that were given', () => {
    for (const length of [0, 1, 2, 3, 4, 8, 16, 255, 256, 65_535, 65_536, 1 << 20]) {
      const given = Uint8Array.from({ length }, (_, at) => at);
      const copy = given.slice().buffer;
      const bytes = Buffer.from(
        encodeMessage({ z: { data: given.buffer }, labels: [new ArrayBuffer(3)] }).bytes,
      );
      expect(given.buffer.byteLength, 'it was moved').to.equal(0);
      const message = decodeMessage(bytes) as { z: { data: ArrayBuffer }; labels: ArrayBuffer[] };
      expect(message).to.deep.equal({ z: { data: copy }, labels: [new ArrayBuffer(3)] });
      expect(message.z.data, 'not a part of what came').not.to.equal(bytes.buffer);
      structuredClone(message.z.data, { transfer: [message.z.data] });
    }
  });

  it('use the memory of those that were released, and of no others', () => {
    const message = (byte: number, length: number) => ({ data: new Uint8Array(length).fill(byte).buffer });
    const steps = fc.array(fc.record({ length: fc.nat(100_000), released: fc.option(fc.nat(9)) }));
    fc.assert(
      fc.property(steps, (all) => {
        const held: { readonly encoded: Encoded; readonly byte: number; readonly length: number }[] = [];
        all.forEach(({ length, released }, byte) => {
          held.push({ encoded: encodeMessage(message(byte, length)), byte, length });
          for (const { encoded } of released === null ? [] : held.splice(released, 1)) {
            encoded.release();
            encoded.release(); // twice is once
          }
        });
        for (const { encoded, byte, length } of held)
          expect(decodeMessage(encoded.bytes)).to.deep.equal(message(byte, length));
      }),
    );
    const four = [1, 2, 3, 4].map((byte) => encodeMessage(message(byte, 50_000)));
    for (const each of four) each.release();
    const buffers = four.map(({ bytes }) => bytes.buffer);
    expect(encodeMessage(message(5, 50_000)).bytes.buffer).to.be.oneOf(buffers);
  });

  it('leave out what is undefined', () => {
    expect(decodeMessage(encodeMessage({ value: undefined, other: 1 }).bytes)).to.deep.equal({ other: 1 });
  });

  it('are not made of what would arrive as something else', () => {
    for (const strange of [
      new Map(),
      new Date(),
      new Float32Array(1),
      new Uint8Array(1),
      () => 1,
      1n,
      Symbol('x'),
    ])
      thrown(() => encodeMessage({ deep: [strange] }), ProtocolError, 'ERR_MESSAGE');
    thrown(() => encodeMessage(new ArrayBuffer(MAX_MESSAGE_BYTES + 4)), ProtocolError, 'ERR_MESSAGE');
  });

  const refuses = (bytes: Uint8Array, why: RegExp) => {
    expect(thrown(() => decodeMessage(bytes), ProtocolError, 'ERR_MESSAGE').message).to.match(why);
  };

  it('are refused where a length is not kept, before anything is reserved', () => {
    // array 32, map 32, str 32, ext 32 with 2^32 - 1 entries
    for (const head of [0xdd, 0xdf, 0xdb, 0xc9]) {
      const bytes = Uint8Array.of(head, 255, 255, 255, 255, 1);
      refuses(bytes, /it ends before|of type/);
      refuses(Uint8Array.of(0x92, ...bytes), /it ends before|of type/);
    }
    const whole = encodeMessage({ a: [1, 2, 'three'], b: null, c: 1.5 }).bytes;
    for (let length = 0; length < whole.length; length++) refuses(whole.subarray(0, length), /ends|bounds/);
    refuses(Uint8Array.of(...whole, 0), /1 bytes follow/);
  });

  it('are refused where they nest deeply, name a prototype, or have parts of other kinds', () => {
    refuses(new Uint8Array(100_000).fill(0x91), /nests deeper/);
    refuses(Uint8Array.of(0x81, 0xa9, ...Buffer.from('__proto__'), 1), /__proto__/);
    refuses(encode(new Date()), /extension of type 255/);
    refuses(encode(new Uint8Array(3)), /of type 196/);
    refuses(Uint8Array.of(0xc1), /of type 193/);
    expect(decode(encode(new Uint8Array(3))), 'which MessagePack has').to.have.length(3);
  });
});

/** MessagePack's integers have none. */
function withoutNegativeZero(value: unknown): unknown {
  if (Object.is(value, -0)) return 0;
  if (Array.isArray(value)) return value.map(withoutNegativeZero);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withoutNegativeZero(part)]));
}
