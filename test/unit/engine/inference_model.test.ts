// Shape legend: N pictures, C channels, H height, W width, K classes
import { expect } from 'chai';
import { randomStream } from '../../../src/core/random.js';
import { numElements, type Shape, type Tensor } from '../../../src/core/shapes.js';
import { gatherPictures, normalised } from '../../../src/data/batches.js';
import { toShared, type Rows } from '../../../src/data/dataset.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { encodeInferenceModel } from '../../../src/engine/onnxruntime/inference_model.js';
import { femnistCnn } from '../../../src/models/femnist_cnn.js';
import { initialWeights } from '../../../src/models/init.js';
import { parametersOf } from '../../../src/models/layers.js';
import { lenet } from '../../../src/models/lenet.js';
import { splitNetwork, type Network } from '../../../src/models/network.js';
import { answersOf, probabilitiesOf, softmax, withModel } from '../../support/exported_model.js';
import { allBytesOf, bytesOf, numberOf, readMessage } from '../../support/protobuf_reader.js';
import { compilerOf, startSegment } from '../../support/segments.js';

const NUM_ROWS = 50;

interface Case {
  readonly network: Network;
  /** [C, H, W] of the raw picture */
  readonly picture: Shape;
  readonly numClasses: number;
  readonly background: number;
}
const caseOf = (make: typeof lenet, picture: Shape, numClasses: number, background: number): Case => ({
  network: make({ picture, numClasses }),
  picture,
  numClasses,
  background,
});
const cases: Readonly<Record<string, Case>> = {
  'lenet on 1x28x28, padded with 0': caseOf(lenet, [1, 28, 28], 10, 0),
  'lenet on 1x28x28, padded with 255': caseOf(lenet, [1, 28, 28], 10, 255),
  'lenet on 3x32x32': caseOf(lenet, [3, 32, 32], 10, 0),
  'femnist_cnn on 1x28x28': caseOf(femnistCnn, [1, 28, 28], 62, 255),
};

/** Pictures of random bytes, all 256 of them among these. */
function randomRows(picture: Shape, numClasses: number): Rows {
  const stream = randomStream(3, 'init', 'pictures');
  const bytes = Uint8Array.from({ length: NUM_ROWS * numElements(picture) }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: NUM_ROWS }, () => stream.integer(numClasses));
  return { numRows: NUM_ROWS, pictures: toShared(bytes), labels: toShared(labels) };
}

/** Three times the initial weights: probabilities far from even. */
function strongWeights({ layers }: Network): Float32Array<ArrayBuffer> {
  return initialWeights(layers, 5).map((weight) => weight * 3);
}

function encode({ network, background, numClasses }: Case): Uint8Array {
  return encodeInferenceModel({
    network,
    weights: strongWeights(network),
    inputOfByte: normalised,
    background,
    classNames: Array.from({ length: numClasses }, (_, label) => `class ${label}`),
    version: '1.2.3',
  });
}

describe('encodeInferenceModel', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));

  for (const [what, each] of Object.entries(cases)) {
    const { network, picture, numClasses, background } = each;

    it(`${what}: takes raw pictures and gives probabilities, in batches of any size`, () =>
      withModel(encode(each), (session) => {
        const [input, ...otherInputs] = session.inputMetadata;
        const [output, ...otherOutputs] = session.outputMetadata;
        expect([...otherInputs, ...otherOutputs]).to.deep.equal([]);
        expect(input).to.deep.include({ name: 'pictures', type: 'uint8', shape: ['N', ...picture] });
        expect(output).to.deep.include({ name: 'probabilities', type: 'float32', shape: ['N', numClasses] });
        return Promise.resolve();
      }));

    it(`${what}: the softmax of what the engine answers, and the same answers`, async () => {
      const rows = randomRows(picture, numClasses);
      const input = { picture, padding: network.padding, background };
      const x_NCHW = gatherPictures(
        rows,
        Uint32Array.from({ length: NUM_ROWS }, (_, row) => row),
        input,
      );
      const logits_NK = await splitAnswers(each, x_NCHW);
      const want = softmax(logits_NK.data, numClasses);
      expect(Math.max(...want), 'largest probability').to.be.greaterThan(2 / numClasses);
      await withModel(encode(each), async (session) => {
        for (const batchSize of [1, 7, NUM_ROWS]) {
          const got = await probabilitiesOf(session, rows, picture, batchSize);
          expect(got.length).to.equal(want.length);
          const differences = want.map((value, at) => Math.abs(got[at] - value));
          expect(Math.max(...differences), `batches of ${batchSize}`).to.be.at.most(1e-6);
          expect(answersOf(got, numClasses)).to.deep.equal(answersOf(logits_NK.data, numClasses));
        }
      });
    });

    /** Of head and tail, each with its part of the weights. */
    async function splitAnswers({ network: whole }: Case, x_NCHW: Tensor): Promise<Tensor> {
      const { head, tail } = splitNetwork(whole, 'default');
      const weights = strongWeights(whole);
      const numInHead = initialWeights(head.layers, 0).length;
      const z = await startSegment(await compile(head), weights.slice(0, numInHead)).infer(x_NCHW);
      return startSegment(await compile(tail), weights.slice(numInHead)).infer(z);
    }
  }

  it('holds every parameter under its name in PyTorch, and exactly the input of each byte', () => {
    const [each] = Object.values(cases);
    const { layers } = each.network;
    const initializers = readInitializers(Buffer.from(encode(each)));
    const weights = strongWeights(each.network);
    let offset = 0;
    for (const { name, shape } of parametersOf(layers)) {
      const want = weights.subarray(offset, (offset += numElements(shape)));
      expect(initializers.get(name), name).to.deep.equal(want);
    }
    // ((p / 255) - 0.5) / 0.5 in float64, rounded once
    const table = Float32Array.from({ length: 256 }, (_, byte) => (byte / 255 - 0.5) / 0.5);
    expect(initializers.get('input_of_byte')).to.deep.equal(table);
  });

  it('tells what it is, who made it, and the names of the classes', () => {
    const [each] = Object.values(cases);
    const model = readMessage(Buffer.from(encode(each)));
    const metadata = allBytesOf(model, 14).map((entry) => {
      const fields = readMessage(entry);
      return [bytesOf(fields, 1)?.toString(), bytesOf(fields, 2)?.toString()] as const;
    });
    const classNames = Array.from({ length: 10 }, (_, label) => `class ${label}`);
    expect(metadata).to.deep.equal([
      ['model', 'lenet'],
      ['class_names', JSON.stringify(classNames)],
    ]);
    expect(bytesOf(model, 2)?.toString()).to.equal('bloom-split');
    expect(bytesOf(model, 3)?.toString()).to.equal('1.2.3');
    expect(bytesOf(model, 6)?.toString()).to.match(/^lenet, head and tail joined/);
    expect(numberOf(model, 1), 'IR version').to.equal(9);
  });
});

/** Float initialisers by name: TensorProto of GraphProto (field 5) of ModelProto (field 7). */
function readInitializers(model: Buffer): ReadonlyMap<string, Float32Array> {
  const graph = bytesOf(readMessage(model), 7);
  const tensors = graph ? allBytesOf(readMessage(graph), 5).map(readMessage) : [];
  return new Map(
    tensors.flatMap((fields) => {
      const [name, data] = [bytesOf(fields, 8)?.toString() ?? '', bytesOf(fields, 9)];
      return data && numberOf(fields, 2) === 1
        ? [[name, new Float32Array(Uint8Array.from(data).buffer)]]
        : [];
    }),
  );
}
