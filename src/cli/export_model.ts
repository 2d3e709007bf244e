import { readRequiredFile, writeFileAtomic } from '../core/files.js';
import { normalised } from '../data/batches.js';
import type { Dataset } from '../data/dataset.js';
import { encodeInferenceModel } from '../engine/onnxruntime/inference_model.js';
import type { Layer } from '../models/layers.js';
import type { Network } from '../models/network.js';
import { decodeWeights } from '../models/weights.js';
import { ownVersion } from './versions.js';

/** What was trained on what. */
export interface TrainedModel {
  readonly network: Network;
  readonly dataset: Pick<Dataset, 'background' | 'classNames'>;
}

/** Consecutive layers of a network, and the file with their weights. */
export interface SavedPart {
  readonly layers: readonly Layer[];
  readonly path: string;
}

/** Joins what clients and server wrote, in the order of the network, into one ONNX model. Throws DataError or StorageError. */
export async function exportModel(
  { network, dataset }: TrainedModel,
  parts: readonly SavedPart[],
  onnxPath: string,
): Promise<void> {
  const weights: number[] = [];
  for (const { layers, path } of parts) {
    const file = await readRequiredFile(path, 'a part of the model of a finished run');
    for (const weight of decodeWeights(layers, file, path)) weights.push(weight);
  }
  const { background, classNames } = dataset;
  const options = {
    network,
    weights: Float32Array.from(weights),
    inputOfByte: normalised,
    background,
    classNames,
    version: ownVersion(),
  };
  await writeFileAtomic(onnxPath, encodeInferenceModel(options));
}
