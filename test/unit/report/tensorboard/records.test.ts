import { expect } from 'chai';
import crc32c from 'crc-32/crc32c.js';
import fc from 'fast-check';
import { encodeRecord, maskedCrc } from '../../../../src/report/tensorboard/records.js';
import { readRecords } from '../../../support/tensorboard_reader.js';

const ascending = Uint8Array.from({ length: 32 }, (_, index) => index);

describe('CRC-32C', () => {
  // The first is the check value of the CRC catalogues, the others are of RFC 3720, appendix B.4.
  const vectors: readonly (readonly [string, Uint8Array, number])[] = [
    ['123456789', Buffer.from('123456789'), 0xe3069283],
    ['32 bytes of 0', new Uint8Array(32), 0x8a9136aa],
    ['32 bytes of 255', new Uint8Array(32).fill(255), 0x62a8ab43],
    ['0, 1, ... 31', ascending, 0x46dd794e],
    ['31, 30, ... 0', ascending.toReversed(), 0x113fdb5c],
  ];
  for (const [what, data, want] of vectors)
    it(`of ${what}`, () => {
      expect(crc32c.buf(data) >>> 0).to.equal(want);
    });

  it('is masked by a rotation and an addition', () => {
    // 0xe3069283 rotated right by 15 bits is 0x2507c60d; + 0xa282ead8 = 0xc78ab0e5
    expect(maskedCrc(Buffer.from('123456789'))).to.equal(0xc78ab0e5);
    // 0x8a9136aa rotated is 0x6d551522; + 0xa282ead8 = 0x10fd7fffa, of which 32 bits stay
    expect(maskedCrc(new Uint8Array(32))).to.equal(0x0fd7fffa);
  });
});

describe('encodeRecord', () => {
  it('has the bytes that TensorBoard writes', () => {
    // tensorboard.summary.writer.record_writer.RecordWriter, of b"abc"
    const want = '0300000000000000b099490e6162636e57f121';
    expect(Buffer.from(encodeRecord(Buffer.from('abc'))).toString('hex')).to.equal(want);
  });

  it('is read back by a reader that checks every sum, whatever the data', () => {
    const list = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 5 });
    fc.assert(
      fc.property(list, (records) => {
        const file = Buffer.concat(records.map(encodeRecord));
        expect(readRecords(file).map((data) => [...data])).to.deep.equal(records.map((data) => [...data]));
      }),
    );
  });

  it('does not survive a changed bit unnoticed', () => {
    const record = encodeRecord(Buffer.from('loss'));
    fc.assert(
      fc.property(fc.nat({ max: record.length * 8 - 1 }), (bit) => {
        const damaged = Buffer.from(record);
        damaged[bit >> 3] ^= 1 << (bit & 7);
        expect(() => readRecords(damaged)).to.throw();
      }),
    );
  });
});
