import { readRequiredFile, writeFileAtomic } from '../core/files.js';
import { normalised } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import { encodeInferenceModel } from '../engine/onnxruntime/inference_model.js';
import type { Network, SplitNetwork } from '../models/network.js';
import { decodeWeights } from '../models/weights.js';
import { ownVersion } from './versions.js';

/** What was trained on what. */
export interface TrainedModel {
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly dataset: Pick<Dataset, 'background' | 'classNames'>;
}

/** Where the weights lie, and where the model goes. */
export interface ModelFiles {
  readonly head: string;
  readonly tail: string;
  readonly onnx: string;
}

/** Joins the head that a client wrote and the tail that the server wrote into one ONNX model. Throws DataError or StorageError. */
export async function exportModel(
  { network, split, dataset }: TrainedModel,
  files: ModelFiles,
): Promise<void> {
  const head = await readRequiredFile(files.head, 'the head of a finished run');
  const tail = await readRequiredFile(files.tail, 'the tail of a finished run');
  const weights = Float32Array.from([
    ...decodeWeights(split.head.layers, head, files.head),
    ...decodeWeights(split.tail.layers, tail, files.tail),
  ]);
  const { background, classNames } = dataset;
  const options = {
    network,
    weights,
    inputOfByte: normalised,
    background,
    classNames,
    version: ownVersion(),
  };
  await writeFileAtomic(files.onnx, encodeInferenceModel(options));
}
