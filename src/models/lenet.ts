import type { DataShape } from '../core/shapes.js';
import { inputOf32 } from './input_of_32.js';
import { conv2d, dense, flatten, maxPool2d, relu } from './layers.js';
import type { Network } from './network.js';

/**
 * LeNet-5 with ReLU and max pooling (after LeCun et al. 1998; the form PyTorch's CIFAR-10 tutorial uses), on 32x32
 * pictures; 28x28 ones are padded by 2.
 */
export function lenet({ picture, numClasses }: DataShape): Network {
  const [channels] = picture;
  return {
    model: 'lenet',
    ...inputOf32('lenet', picture),
    layers: [
      conv2d('conv1', channels, 6, 5),
      relu('relu1'),
      maxPool2d('pool1', 2),
      conv2d('conv2', 6, 16, 5),
      relu('relu2'),
      maxPool2d('pool2', 2),
      flatten('flatten'),
      dense('fc1', 400, 120),
      relu('relu3'),
      dense('fc2', 120, 84),
      relu('relu4'),
      dense('fc3', 84, numClasses),
    ],
    defaultCut: 'pool2',
  };
}
