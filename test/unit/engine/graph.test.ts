import { expect } from 'chai';
import ort from 'onnxruntime-node';
import { GraphBuilder, type ExtractedModel } from '../../../src/engine/onnxruntime/graph.js';
import { encodeModel } from '../../../src/engine/onnxruntime/onnx_proto.js';

type Feeds = Record<string, ort.Tensor>;
const vector = (...values: number[]) => new ort.Tensor('float32', values, [values.length]);

/** Runs a model on what it asks for of `available`. */
async function run({ bytes, inputs }: ExtractedModel, available: Feeds): Promise<Feeds> {
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  try {
    expect([...session.inputNames].sort()).to.deep.equal([...inputs].sort());
    return await session.run(Object.fromEntries(inputs.map((name) => [name, available[name]])));
  } finally {
    await session.release();
  }
}

const floats = (tensor: ort.Tensor) => [...(tensor.data as Float32Array)];

/** exp(a) is kept, a + a is not; both are needed again once b is there. */
function twoRuns() {
  const g = new GraphBuilder();
  const [a, b, unused] = ['a', 'b', 'unused'].map((name) => g.input(name, 'float32', ['N']));
  const kept = g.keep(g.op('Exp', [a]));
  const cheap = g.op('Add', [a, a]);
  const late = g.keep(g.op('Mul', [kept, b]));
  const result = g.op('Sub', [g.op('Add', [late, cheap]), kept]);
  return { g, a, b, unused, kept, cheap, late, result };
}

describe('GraphBuilder.extract', () => {
  it('takes the inputs that the outputs depend on, and no others', () => {
    const { g, cheap, result } = twoRuns();
    expect(g.extract([cheap]).inputs).to.deep.equal(['a']);
    expect([...g.extract([result]).inputs].sort()).to.deep.equal(['a', 'b']);
    expect([...result.dependsOn].sort()).to.deep.equal(['a', 'b']);
  });

  it('names the outputs in the order that was asked for', () => {
    const { g, kept, cheap, result } = twoRuns();
    expect(g.extract([result, kept, cheap]).outputs).to.deep.equal([result.name, kept.name, cheap.name]);
  });

  it('lets kept values cross and computes the others again', () => {
    const { g, kept, result } = twoRuns();
    const inputs = [...g.extract([result], new Set(['a'])).inputs].sort();
    expect(inputs).to.deep.equal([kept.name, 'a', 'b'].sort());
    expect(g.keptFor([result], new Set(['a']))).to.deep.equal([kept]);
  });

  it('computes a kept value that depends on something later', () => {
    const { g, late, result } = twoRuns();
    expect(g.extract([result], new Set(['a'])).inputs).not.to.include(late.name);
    expect(g.keptFor([result], new Set(['a', 'b']))).to.include(late);
  });

  it('does not list an input that is kept: a later run is given it anyway', () => {
    const { g, a, kept, result } = twoRuns();
    g.keep(a);
    expect(g.keptFor([result], new Set(['a']))).to.deep.equal([kept]);
  });

  it('gives in two runs what it gives in one', async () => {
    const { g, kept, result } = twoRuns();
    const inputs: Feeds = { a: vector(0, 1, -2), b: vector(3, 5, 7) };
    const whole = await run(g.extract([result]), inputs);
    const first = await run(g.extract([kept]), inputs);
    const second = await run(g.extract([result], new Set(['a'])), { ...inputs, ...first });
    expect(floats(second[result.name])).to.deep.equal(floats(whole[result.name]));
    // exp(0) * 3 + 0 - exp(0) = 2
    expect(floats(whole[result.name])[0]).to.equal(2);
  });
});

describe('GraphBuilder', () => {
  it('writes whole, float and list attributes, and constants', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [2, 'N']);
    // LeakyRelu by 0.25, transposed, plus [10, 20], summed over axis 0, reshaped to [2, 1]
    const leaky = g.op('LeakyRelu', [x], { alpha: { float: 0.25 } });
    const moved = g.op('Add', [g.transpose(leaky, 1, 0), g.floats([10, 20])]);
    const y = g.reshape(g.sum(moved, 0), [2, 1]);
    const result = (
      await run(g.extract([y]), { x: new ort.Tensor('float32', [1, -4, 2, 8, 0, -8], [2, 3]) })
    )[y.name];
    expect(result.dims).to.deep.equal([2, 1]);
    // [1 - 1 + 2 + 3 * 10, 8 + 0 - 2 + 3 * 20]
    expect(floats(result)).to.deep.equal([32, 66]);
  });

  it('splits into the sizes and joins them again', async () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [3]);
    const [one, two] = g.split(x, [1, 2]);
    const joined = g.concat([two, one], 0);
    const results = await run(g.extract([joined]), { x: vector(1, 2, 3) });
    expect(floats(results[joined.name])).to.deep.equal([2, 3, 1]);
  });

  it('writes no operator to split or join a single value', () => {
    const g = new GraphBuilder();
    const x = g.input('x', 'float32', [3]);
    expect(g.split(x, [3])).to.deep.equal([x]);
    expect(g.concat([x], 0)).to.equal(x);
  });

  it('zeroIfFinite: 0 where all are finite, however large, else NaN', async () => {
    const g = new GraphBuilder();
    const check = g.zeroIfFinite(g.input('x', 'float32', ['N']));
    const checked = async (...values: number[]) =>
      floats((await run(g.extract([check]), { x: vector(...values) }))[check.name])[0];
    expect(Math.abs(await checked(3e38, 3e38, -1, 0))).to.equal(0);
    for (const bad of [NaN, Infinity, -Infinity]) expect(await checked(1, bad, 2)).to.be.NaN;
    expect(await checked(Infinity, -Infinity)).to.be.NaN;
  });
});

describe('encodeModel', () => {
  it('refuses a field of another type, also deep inside', () => {
    expect(() => encodeModel({ irVersion: 'nine' })).to.throw(TypeError, /Not an ONNX model: irVersion/);
    const attribute = [{ name: 'axis', type: 'INT', i: 1 }];
    const node = [{ opType: 'Softmax', input: ['x'], output: ['y'], attribute }];
    expect(() => encodeModel({ graph: { node } })).to.throw(TypeError, /graph\.node\.attribute\.type/);
  });
});
