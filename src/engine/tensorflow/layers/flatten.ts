import { numElements } from '../../../core/shapes.js';
import type { Flatten } from '../../../models/layers.js';
import type { LayerCompiler } from './layer.js';

/** Takes pictures as [B, C, H, W], so that the features stand in PyTorch's order. */
export const compileFlatten: LayerCompiler<Flatten> = (_layer, input) => (t, x_BCHW) => ({
  y: t.reshape(x_BCHW, [-1, numElements(input)]),
  inputGradient: (dy) => t.reshape(dy, [-1, ...input]),
});
