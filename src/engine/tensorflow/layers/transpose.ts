import type { Shape } from '../../../core/shapes.js';
import type { Handle, TensorScope } from '../tensors.js';
import type { RunLayer } from './layer.js';

type Move = (t: TensorScope, x: Handle) => Handle;

/** [B, C, H, W] -> [B, H, W, C]; `input` is [C, H, W]. */
export function compileToChannelsLast(input: Shape): RunLayer {
  const { toLast, toFirst } = moves(input);
  return (t, x) => ({ y: toLast(t, x), inputGradient: (dy) => toFirst(t, dy) });
}

/** [B, H, W, C] -> [B, C, H, W]; `input` is [C, H, W]. */
export function compileToChannelsFirst(input: Shape): RunLayer {
  const { toLast, toFirst } = moves(input);
  return (t, x) => ({ y: toFirst(t, x), inputGradient: (dy) => toLast(t, dy) });
}

function moves([channels, height, width]: Shape): { readonly toLast: Move; readonly toFirst: Move } {
  // One channel, or one pixel, lies in memory as it should.
  if (channels === 1 || height * width === 1) {
    return {
      toLast: (t, x) => t.reshape(x, [-1, height, width, channels]),
      toFirst: (t, x) => t.reshape(x, [-1, channels, height, width]),
    };
  }
  // The kernel is faster on three axes than on four.
  const swap = (t: TensorScope, x: Handle, from: Shape, to: Shape) =>
    t.reshape(t.transpose(t.reshape(x, from), [0, 2, 1]), to);
  const numPixels = height * width;
  return {
    toLast: (t, x) => swap(t, x, [-1, channels, numPixels], [-1, height, width, channels]),
    toFirst: (t, x) => swap(t, x, [-1, numPixels, channels], [-1, channels, height, width]),
  };
}
