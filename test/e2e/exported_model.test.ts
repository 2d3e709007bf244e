// Shape legend: N pictures, K classes
import { expect } from 'chai';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gatherPictures } from '../../src/data/batches.js';
import { limitRows, type Rows } from '../../src/data/dataset.js';
import { loadMnist } from '../../src/data/mnist.js';
import { onnxruntimeEngine } from '../../src/engine/onnxruntime/engine.js';
import { lenet } from '../../src/models/lenet.js';
import { unsplitNetwork } from '../../src/models/network.js';
import { decodeWeights } from '../../src/models/weights.js';
import { newFolder, readJson, removeFolders, trainOnce } from '../support/e2e_command.js';
import { answersOf, probabilitiesOf, softmax, withModel } from '../support/exported_model.js';
import { itWithPython } from '../support/python.js';
import { compilerOf, startSegment } from '../support/segments.js';
import { expectClose } from '../support/tensors.js';

const NUM_ROWS = 600;
const PICTURE = [1, 28, 28];
const SMALL = [
  '--n-workers',
  '2',
  '--max-samples',
  String(NUM_ROWS),
  '--batch-size',
  '8',
  '--n-epochs',
  '2',
  '--plots',
  'false',
];
const NUM_SHOWN = 20;

describe('the exported model', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  let directory: string;
  let test: Rows;
  let shown: Rows;
  /** Raw bytes of the first test pictures. */
  let shownFile: string;

  before(async () => {
    ({ directory } = await trainOnce(SMALL, { cwd: newFolder() }));
    test = limitRows((await loadMnist({ dataDir: '' })).test, NUM_ROWS);
    shown = limitRows(test, NUM_SHOWN);
    shownFile = join(newFolder(), 'pictures');
    writeFileSync(shownFile, shown.pictures);
  });
  after(removeFolders);

  const modelFile = (run: string) => join(run, 'model', 'model.onnx');

  async function expectSummarysAccuracy(run: string): Promise<void> {
    const { accuracy } = readJson(join(run, 'summary.json')) as { accuracy: number };
    await withModel(modelFile(run), async (session) => {
      for (const batchSize of [1, 7, NUM_ROWS]) {
        const answers = answersOf(await probabilitiesOf(session, test, PICTURE, batchSize), 10);
        const numCorrect = answers.filter((answer, row) => answer === test.labels[row]).length;
        expect(numCorrect, `batches of ${batchSize}`).to.equal(Math.round(accuracy * NUM_ROWS));
        expect(numCorrect / NUM_ROWS).to.equal(accuracy);
      }
    });
  }

  it("lenet: raw test pictures give the summary's accuracy, to the row", async () => {
    await expectSummarysAccuracy(directory);
  });

  it("femnist_cnn, cut elsewhere: raw test pictures give the summary's accuracy, to the row", async () => {
    const args = [...SMALL, '--model', 'femnist_cnn', '--cut', 'conv2'];
    const { directory: other } = await trainOnce(args, { cwd: newFolder() });
    await expectSummarysAccuracy(other);
  });

  /** Logits [N, K] of the weights files in our engine. */
  async function ownLogits(): Promise<Float32Array> {
    const network = lenet({ picture: PICTURE, numClasses: 10 });
    const [head, tail] = [network.layers.slice(0, 6), network.layers.slice(6)];
    const read = (half: string) => readFileSync(join(directory, 'model', `${half}.safetensors`));
    const weights = Float32Array.from([
      ...decodeWeights(head, read('head'), 'head'),
      ...decodeWeights(tail, read('tail'), 'tail'),
    ]);
    const rows = Uint32Array.from({ length: NUM_SHOWN }, (_, row) => row);
    const x = gatherPictures(shown, rows, { picture: PICTURE, padding: 2, background: 0 });
    return (await startSegment(await compile(unsplitNetwork(network)), weights).infer(x)).data;
  }

  it('gives the softmax of the logits of the weights files', async () => {
    const want = softmax(await ownLogits(), 10);
    const got = await withModel(modelFile(directory), (session) =>
      probabilitiesOf(session, shown, PICTURE, NUM_SHOWN),
    );
    want.forEach((value, at) => {
      expect(got[at]).to.be.closeTo(value, 1e-6);
    });
  });

  itWithPython(['onnx'], "passes onnx's checker, and its reference gives the same", async (script) => {
    const read = (await script('check_onnx.py', modelFile(directory), shownFile)) as {
      readonly parameters: Readonly<Record<string, readonly number[]>>;
      readonly metadata: Readonly<Record<string, string>>;
      readonly probabilities: readonly number[];
    };
    expect(read.parameters).to.deep.include({
      'conv1.weight': [6, 1, 5, 5],
      'conv1.bias': [6],
      'conv2.weight': [16, 6, 5, 5],
      'conv2.bias': [16],
      'fc1.weight': [120, 400],
      'fc1.bias': [120],
      'fc2.weight': [84, 120],
      'fc2.bias': [84],
      'fc3.weight': [10, 84],
      'fc3.bias': [10],
    });
    expect(read.metadata).to.deep.equal({
      model: 'lenet',
      class_names: '["0","1","2","3","4","5","6","7","8","9"]',
    });
    softmax(await ownLogits(), 10).forEach((value, at) => {
      expect(read.probabilities[at]).to.be.closeTo(value, 1e-5);
    });
  });

  itWithPython(['torch', 'safetensors'], 'has weights that PyTorch loads by name', async (script) => {
    const logits = (await script('load_in_torch.py', directory, shownFile)) as readonly number[];
    expectClose(logits, await ownLogits(), 1e-5, 'the logits');
  });
});
