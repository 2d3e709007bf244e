import { numElements, type DataShape } from '../core/shapes.js';
import { inputOf32 } from './input_of_32.js';
import { dense, flatten, relu, type Layer } from './layers.js';
import type { Network } from './network.js';

/** Two hidden layers of 200 units (the "2NN" of McMahan et al., arXiv 1602.05629), on 32x32 pictures; 28x28 ones are padded. */
export function mlp({ picture, numClasses }: DataShape): Network {
  const input = inputOf32('mlp', picture);
  return {
    model: 'mlp',
    ...input,
    layers: mlpLayers(numElements(input.inputShape), 200, numClasses),
    defaultCut: 'relu1',
  };
}

/** The layers, of any width. */
export function mlpLayers(numInputs: number, numHidden: number, numClasses: number): readonly Layer[] {
  return [
    flatten('flatten'),
    dense('fc1', numInputs, numHidden),
    relu('relu1'),
    dense('fc2', numHidden, numHidden),
    relu('relu2'),
    dense('fc3', numHidden, numClasses),
  ];
}
