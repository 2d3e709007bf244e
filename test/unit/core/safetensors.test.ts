import { expect } from 'chai';
import fc from 'fast-check';
import { DataError } from '../../../src/core/errors.js';
import {
  decodeSafetensors,
  dtypeOf,
  encodeSafetensors,
  type StoredTensor,
} from '../../../src/core/safetensors.js';
import { numElements } from '../../../src/core/shapes.js';
import { readFixture, readTensorShapes } from '../../support/fixtures.js';

const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype: unknown = 'F32') => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

/** A file as the format wants it, of any header and `numBytes` bytes of data. */
function fileOf(header: unknown, numBytes: number): Uint8Array<ArrayBuffer> {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + numBytes);
  new DataView(file.buffer).setBigUint64(0, BigInt(json.length), true);
  file.set(json, 8);
  return file;
}

function expectDamaged(file: Uint8Array, why: string): void {
  expect(() => decodeSafetensors(file, 'dir/head.safetensors'))
    .to.throw(DataError, why)
    .with.property('code', 'ERR_SAFETENSORS');
  expect(() => decodeSafetensors(file, 'dir/head.safetensors'))
    .to.throw('"dir/head.safetensors"')
    .with.deep.property('details', { source: 'dir/head.safetensors' });
}

const whole = encodeSafetensors(
  new Map<string, StoredTensor>([
    ['w', { shape: [2, 2], data: Float32Array.of(9, 1, -2, 0.5, 1e-40).subarray(1) }],
    ['i', { shape: [3], data: Int32Array.of(-1, 0, 2 ** 31 - 1) }],
    ['b', { shape: [1, 3], data: Uint8Array.of(0, 127, 255) }],
  ]),
);

const anyTensor = fc
  .tuple(
    fc.array(fc.nat(3), { maxLength: 3 }),
    fc.constantFrom(Float32Array, Int32Array, Uint8Array),
    fc.infiniteStream(fc.nat(255)),
  )
  .map(([shape, ArrayType, values]): StoredTensor => {
    const numBytes = numElements(shape) * ArrayType.BYTES_PER_ELEMENT;
    return { shape, data: new ArrayType(Uint8Array.from(values.take(numBytes)).buffer) };
  });
const anyName = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('__proto__', '10', '9', 'constructor', 'gr\u00f6\u00dfe', ''),
);
const bytesOf = ({ data }: StoredTensor) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe('safetensors', () => {
  it('is written as the format says: length, JSON, data', () => {
    const tensors = new Map<string, StoredTensor>([['a', { shape: [2], data: Float32Array.of(1, -2) }]]);
    const json = '{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}  ';
    expect(Buffer.from(encodeSafetensors(tensors)).toString('latin1')).to.equal(
      `\x38\0\0\0\0\0\0\0${json}\0\0\x80\x3f\0\0\0\xc0`,
    );
    expect(decodeSafetensors(encodeSafetensors(new Map()), 'empty').size).to.equal(0);
  });

  it('keeps names, order, shapes, types and every bit; its data begins at a multiple of 8', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.tuple(anyName, anyTensor), { selector: ([name]) => name }), (tensors) => {
        const file = encodeSafetensors(new Map(tensors));
        expect(new DataView(file.buffer).getBigUint64(0, true) % 8n).to.equal(0n);
        const decoded = [...decodeSafetensors(file, 'file')];
        const plain = ([name, tensor]: readonly [string, StoredTensor]) =>
          [name, tensor.shape, dtypeOf(tensor.data), [...bytesOf(tensor)]] as const;
        // Tensors without a byte may stand anywhere among those that begin where they do.
        const inOrder = (list: readonly (readonly [string, StoredTensor])[]) =>
          list.filter(([, { data }]) => data.length > 0).map(plain);
        expect(inOrder(decoded)).to.deep.equal(inOrder(tensors));
        expect(decoded.map(plain)).to.have.deep.members(tensors.map(plain));
      }),
      { numRuns: 300 },
    );
  });

  it('is read into memory of its own, also from the middle of a buffer', () => {
    const views = [
      (buffer: ArrayBuffer) => new Uint8Array(buffer, 1, whole.length),
      (buffer: ArrayBuffer) => Buffer.from(buffer, 1, whole.length),
    ];
    for (const viewOf of views) {
      const around = new Uint8Array(whole.length + 3);
      around.set(whole, 1);
      const tensors = decodeSafetensors(viewOf(around.buffer), 'file');
      around.fill(0xff);
      const values = [...tensors.values()].map(({ data }) => [...data]);
      expect(values).to.deep.equal([
        [1, -2, 0.5, Math.fround(1e-40)],
        [-1, 0, 2 ** 31 - 1],
        [0, 127, 255],
      ]);
    }
  });

  it('is read as PyTorch wrote it, in the order of its data, without the notes in the header', () => {
    const name = 'lenet_mnist_sgd_2w.safetensors';
    const tensors = decodeSafetensors(readFixture(name), name);
    const shapes = new Map([...tensors].map(([tensor, { shape }]) => [tensor, shape]));
    expect(shapes).to.deep.equal(readTensorShapes(name));
    const header = { __metadata__: { format: 'pt' }, b: entry(4, 8), a: entry(0, 4) };
    expect([...decodeSafetensors(fileOf(header, 8), 'file').keys()]).to.deep.equal(['a', 'b']);
  });
});

describe('decodeSafetensors refuses', () => {
  it('a file cut off at any byte', () => {
    for (let length = 0; length < whole.length; length++) expectDamaged(whole.subarray(0, length), '');
    expectDamaged(whole.subarray(0, 7), 'it has 7 bytes');
  });

  it('a header that claims more bytes than there are', () => {
    for (const claimed of [BigInt(whole.length - 7), 2n ** 32n, 2n ** 63n, 2n ** 64n - 1n]) {
      const file = whole.slice();
      new DataView(file.buffer).setBigUint64(0, claimed, true);
      expectDamaged(file, `its header claims ${claimed} bytes of ${file.length}`);
    }
  });

  it('a header that is no JSON object', () => {
    for (const text of ['', '{', '{"a":1}x', 'NaN', '{"a":\x01}'])
      expectDamaged(fileOf(text, 0), 'its header is not JSON');
    for (const text of ['[]', 'null', '1', '"a"', 'true'])
      expectDamaged(fileOf(text, 0), 'its header is not a JSON object');
    const notUtf8 = fileOf('{"ab":1}', 0);
    notUtf8[10] = 0xff;
    expectDamaged(notUtf8, 'its header is not JSON');
  });

  it('an entry without type, shape or offsets', () => {
    for (const header of [null, 1, 'F32', [], {}, { ...entry(0, 4), dtype: undefined }])
      expectDamaged(fileOf({ a: header }, 4), 'tensor "a" is without a type');
    for (const dtype of ['F64', 'BF16', 'f32', 'toString', ''])
      expectDamaged(fileOf({ a: entry(0, 4, [1], dtype) }, 4), `tensor "a" is of type ${dtype}`);
    for (const dtype of [{ toString: 1 }, ['F32'], 32])
      expectDamaged(fileOf({ a: entry(0, 4, [1], dtype) }, 4), 'without a type');
    for (const change of [
      { shape: undefined },
      { shape: 1 },
      { shape: [-1] },
      { shape: [0.5, 2] },
      { shape: ['1'] },
      { shape: [2 ** 53] },
      { data_offsets: [0] },
      { data_offsets: [0, 4, 8] },
      { data_offsets: [-4, 0] },
      { data_offsets: ['0', '4'] },
    ])
      expectDamaged(fileOf({ a: { ...entry(0, 4), ...change } }, 4), 'tensor "a" has no shape or offsets');
  });

  it('offsets that overlap, leave a gap, run backwards or leave the file', () => {
    expectDamaged(fileOf({ a: entry(0, 8), b: entry(4, 12) }, 12), 'tensor "b" claims bytes 4 to 12 of 12');
    expectDamaged(fileOf({ a: entry(0, 4), b: entry(0, 4) }, 4), 'tensor "b" claims bytes 0 to 4');
    expectDamaged(fileOf({ a: entry(0, 4), b: entry(8, 12) }, 12), 'tensor "b" claims bytes 8 to 12');
    expectDamaged(fileOf({ a: entry(4, 8) }, 8), 'tensor "a" claims bytes 4 to 8');
    expectDamaged(fileOf({ a: entry(0, 4), b: entry(4, 0, [1]) }, 4), 'claims bytes 4 to 0');
    expectDamaged(fileOf({ a: entry(0, 8) }, 4), 'tensor "a" claims bytes 0 to 8 of 4');
    expectDamaged(fileOf({ a: entry(0, 4) }, 5), '1 bytes at its end belong to no tensor');
    expectDamaged(fileOf({}, 4), '4 bytes at its end');
  });

  it('a shape that does not match its bytes, however absurd', () => {
    expectDamaged(fileOf({ a: entry(0, 8, [3]) }, 8), 'tensor "a" of shape 3 has 8 bytes');
    expectDamaged(fileOf({ a: entry(0, 8, []) }, 8), 'has 8 bytes');
    expectDamaged(fileOf({ a: entry(0, 8, [2], 'U8') }, 8), 'tensor "a" of shape 2 has 8 bytes');
    expectDamaged(fileOf({ a: entry(0, 0, [2 ** 52, 2 ** 52]) }, 0), 'has 0 bytes');
    expectDamaged(fileOf({ a: entry(0, 0, [...Array<number>(30).fill(2 ** 52), 0]) }, 0), 'has 0 bytes');
    expectDamaged(fileOf({ a: entry(0, 6, [1.5]) }, 6), 'no shape');
  });

  it('nothing because of a name that objects have already', () => {
    const json = '{"__proto__":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}';
    expect([...decodeSafetensors(fileOf(json, 1), 'file').keys()]).to.deep.equal(['__proto__']);
    expect('dtype' in {}).to.equal(false);
    expectDamaged(fileOf('{"__proto__":{"polluted":1}}', 0), 'tensor "__proto__"');
  });

  it('whatever else is damaged with a DataError, or reads it', () => {
    const flipped = fc
      .array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
      .map((changes) => changes.reduce((file, [at, value]) => file.with(at, value), whole));
    const part = fc.oneof(fc.constantFrom('F32', 'U8', [0, 4], [4], [0, 0], 0), fc.jsonValue());
    const anyEntry = fc.oneof(fc.record({ dtype: part, shape: part, data_offsets: part }), fc.jsonValue());
    const anyHeader = fc
      .tuple(fc.dictionary(anyName, anyEntry, { maxKeys: 3 }), fc.nat(8))
      .map(([header, n]) => fileOf(header, n));
    fc.assert(
      fc.property(fc.oneof(flipped, anyHeader, fc.uint8Array({ maxLength: 99 })), (file) => {
        let tensors;
        try {
          tensors = decodeSafetensors(file, 'file');
        } catch (error) {
          expect(error).to.be.instanceOf(DataError);
          return;
        }
        for (const { shape, data } of tensors.values()) expect(data).to.have.lengthOf(numElements(shape));
      }),
      { numRuns: 2000 },
    );
  });
});
