import { ShapeError } from '../core/errors.js';
import { formatShape, type DataShape } from '../core/shapes.js';
import { conv2d, dense, flatten, maxPool2d, relu } from './layers.js';
import type { Network } from './network.js';

/** The reference's FEMNIST network: two convolutions and one dense layer, on pictures whose sides are multiples of 4. */
export function femnistCnn({ picture, numClasses }: DataShape): Network {
  const [channels, height, width] = picture;
  if (height < 4 || width < 4 || height % 4 !== 0 || width % 4 !== 0) {
    throw new ShapeError(
      'ERR_MODEL_DATA',
      `Model "femnist_cnn" takes pictures whose sides are multiples of 4 pixels, but the data set has ` +
        `${formatShape(picture)} (channels, height, width). Choose another \`model\` or \`dataset\`.`,
    );
  }
  return {
    model: 'femnist_cnn',
    padding: 0,
    inputShape: picture,
    layers: [
      conv2d('conv1', channels, 32, 7, { padding: 3 }),
      relu('relu1'),
      maxPool2d('pool1', 2),
      conv2d('conv2', 32, 64, 3, { padding: 1 }),
      relu('relu2'),
      maxPool2d('pool2', 2),
      flatten('flatten'),
      dense('fc1', (64 * height * width) / 16, numClasses),
    ],
    defaultCut: 'pool1',
  };
}
