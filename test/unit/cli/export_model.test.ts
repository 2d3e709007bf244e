import { expect } from 'chai';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportModel } from '../../../src/cli/export_model.js';
import { DataError, StorageError } from '../../../src/core/errors.js';
import { normalised } from '../../../src/data/batches.js';
import { encodeInferenceModel } from '../../../src/engine/onnxruntime/inference_model.js';
import { initialWeights } from '../../../src/models/init.js';
import { lenet } from '../../../src/models/lenet.js';
import { splitNetwork } from '../../../src/models/network.js';
import { encodeWeights } from '../../../src/models/weights.js';
import { ownVersion } from '../../../src/cli/versions.js';
import { rejection } from '../../support/link_errors.js';

const network = lenet({ picture: [1, 28, 28], numClasses: 3 });
const split = splitNetwork(network, 'default');
const dataset = { background: 7, classNames: ['T-shirt/top', 'Trouser', 'Bag'] };
const trained = { network, dataset };

describe('exportModel', () => {
  let folder: string;
  let files: { readonly head: string; readonly tail: string; readonly onnx: string };
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'export-test-'));
    const path = (name: string) => join(folder, name);
    files = { head: path('head.safetensors'), tail: path('tail.safetensors'), onnx: path('model.onnx') };
    writeFileSync(files.head, encodeWeights(split.head.layers, initialWeights(split.head.layers, 1)));
    writeFileSync(files.tail, encodeWeights(split.tail.layers, initialWeights(split.tail.layers, 1)));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const run = (onnx = files.onnx) =>
    exportModel(
      trained,
      [
        { layers: split.head.layers, path: files.head },
        { layers: split.tail.layers, path: files.tail },
      ],
      onnx,
    );

  it('joins both files into one model, with what the data set says', async () => {
    await run();
    // Initial weights depend on the name of a parameter, not on the cut.
    const weights = initialWeights(network.layers, 1);
    const options = { network, weights, inputOfByte: normalised, ...dataset, version: ownVersion() };
    expect(readFileSync(files.onnx).equals(encodeInferenceModel(options))).to.equal(true);
    expect(readdirSync(folder)).to.have.length(3);
  });

  it('says which file is missing or of another model, and writes nothing', async () => {
    writeFileSync(files.tail, readFileSync(files.head));
    const misfit = await rejection(run(), DataError, 'ERR_WEIGHTS');
    expect(misfit.message).to.include(files.tail);
    rmSync(files.head);
    const missing = await rejection(run(), DataError, 'ERR_READ');
    expect(missing.message).to.include(files.head);
    expect(readdirSync(folder)).to.deep.equal(['tail.safetensors']);
  });

  it('says where it cannot write', async () => {
    await rejection(run(join(files.head, 'model.onnx')), StorageError, 'ERR_WRITE');
  });
});
