import { expect } from 'chai';
import fc from 'fast-check';
import { decodePicture } from '../../../../src/data/femnist/png.js';
import { readCases } from '../../../support/fixtures.js';

interface Case {
  readonly name: string;
  readonly png: string;
  /** What pillow or hand-made bytes have; only where the picture can be taken. */
  readonly pixels?: string;
  readonly refusal?: string;
}

const cases = readCases('femnist/pngs.json') as Case[];
const bytesOf = ({ png }: Case) => Buffer.from(png, 'base64');
const pixelsOf = (png: Uint8Array) => Buffer.from(decodePicture(png)).toString('base64');

describe('decodePicture', () => {
  for (const png of cases.filter(({ pixels }) => pixels !== undefined)) {
    it(`takes ${png.name}`, () => {
      expect(pixelsOf(bytesOf(png))).to.equal(png.pixels);
    });
  }

  for (const png of cases.filter(({ refusal }) => refusal !== undefined)) {
    it(`refuses ${png.name}`, () => {
      expect(() => decodePicture(bytesOf(png))).to.throw(Error, png.refusal);
    });
  }

  it('refuses more bytes than 28x28 pixels can need', () => {
    expect(() => decodePicture(new Uint8Array(70_000))).to.throw('too many for 28x28 pixels');
  });

  it('reads from the middle of a buffer', () => {
    const [first] = cases;
    const inside = new Uint8Array([9, 9, 9, ...bytesOf(first), 9]).subarray(3, -1);
    expect(pixelsOf(inside)).to.equal(first.pixels);
  });

  it('takes no other picture from a file cut off anywhere or with any byte changed', () => {
    const taken = cases.filter(({ pixels }) => pixels !== undefined);
    const anyDamage = fc.tuple(
      fc.constantFrom(...taken),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
      fc.boolean(),
    );
    fc.assert(
      fc.property(anyDamage, ([png, position, mask, isCut]) => {
        const whole = bytesOf(png);
        const at = position % whole.length;
        const damaged = isCut ? whole.subarray(0, at) : whole.with(at, whole[at] ^ mask);
        let pixels: string;
        try {
          pixels = pixelsOf(damaged);
        } catch (error) {
          expect(error).to.be.instanceOf(Error);
          return;
        }
        expect(pixels).to.equal(png.pixels);
      }),
      { numRuns: 1000 },
    );
  });
});
