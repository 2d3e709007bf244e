import type { DataShape } from '../core/shapes.js';
import { femnistCnn } from './femnist_cnn.js';
import { lenet } from './lenet.js';
import { mlp } from './mlp.js';
import type { Network } from './network.js';
import { resnet8 } from './resnet8.js';

/** Every model by the name that `model` takes: adding one is adding its file and a line here. */
export const models = {
  lenet,
  femnist_cnn: femnistCnn,
  mlp,
  resnet8,
} satisfies Record<string, (data: DataShape) => Network>;

export type ModelName = keyof typeof models;
export const modelNames = Object.keys(models) as ModelName[];
