import { ShapeError } from '../core/errors.js';
import { formatShape, type DataShape } from '../core/shapes.js';
import { conv2d, dense, flatten, maxPool2d, relu } from './layers.js';
import type { Network } from './network.js';

/**
 * LeNet-5 with ReLU and max pooling (after LeCun et al. 1998; the form PyTorch's CIFAR-10 tutorial uses), on 32x32
 * pictures; 28x28 ones are padded by 2.
 */
export function lenet({ picture, numClasses }: DataShape): Network {
  const [channels, height, width] = picture;
  if (height !== width || (height !== 32 && height !== 28)) {
    throw new ShapeError(
      'ERR_MODEL_DATA',
      `Model "lenet" takes pictures of 32x32 or 28x28 pixels, but the data set has ${formatShape(picture)} ` +
        '(channels, height, width). Choose another `model` or `dataset`.',
    );
  }
  const padding = (32 - height) / 2;
  return {
    model: 'lenet',
    padding,
    inputShape: [channels, 32, 32],
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
