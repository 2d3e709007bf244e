import type { DataShape } from '../core/shapes.js';
import { femnistCnn } from './femnist_cnn.js';
import { lenet } from './lenet.js';
import type { Network } from './network.js';

/** Every model by the name that `model` takes: adding one is adding its file and a line here. */
export const models = {
  lenet,
  femnist_cnn: femnistCnn,
} satisfies Record<string, (data: DataShape) => Network>;

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as ModelName[];
