import { ShapeError } from '../core/errors.js';
import { formatShape, type Shape } from '../core/shapes.js';
import type { Network } from './network.js';

/** The input of a model on 32x32 pictures; 28x28 ones are padded by 2. Throws ShapeError for other pictures. */
export function inputOf32(model: string, picture: Shape): Pick<Network, 'padding' | 'inputShape'> {
  const [channels, height, width] = picture;
  if (height !== width || (height !== 32 && height !== 28)) {
    throw new ShapeError(
      'ERR_MODEL_DATA',
      `Model "${model}" takes pictures of 32x32 or 28x28 pixels, but the data set has ${formatShape(picture)} ` +
        '(channels, height, width). Choose another `model` or `dataset`.',
    );
  }
  return { padding: (32 - height) / 2, inputShape: [channels, 32, 32] };
}
