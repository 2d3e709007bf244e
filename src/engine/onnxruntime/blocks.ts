import type { Conv2d, Layer, MaxPool2d, Relu } from '../../models/layers.js';

/** Consecutive layers that are written into the graph together. */
export type Block =
  | { readonly form: 'layer'; readonly layers: readonly [Layer] }
  /** Convolution, pooling, ReLU: `layers/conv_pool.ts`. */
  | { readonly form: 'conv_pool'; readonly layers: readonly [Conv2d, MaxPool2d, Relu] };

/** Every layer by itself. */
export function plainBlocks(layers: readonly Layer[]): readonly Block[] {
  return layers.map((layer) => ({ form: 'layer', layers: [layer] }));
}

/**
 * Fast forms wherever they fit, for layers in the order of `poolBeforeRelu`.
 *
 * No block reaches over the border of two layer groups. A network whose groups are head and tail thus consists of the blocks
 * of its two halves, wherever it is cut: the same sums in the same order, hence the same bits, split and unsplit.
 */
export function fastBlocks(layers: readonly Layer[], groupSizes: readonly number[]): readonly Block[] {
  const blocks: Block[] = [];
  let start = 0;
  for (const size of groupSizes) {
    const end = start + size;
    while (start < end) {
      const block = firstBlock(layers.slice(start, end));
      blocks.push(block);
      start += block.layers.length;
    }
  }
  return blocks;
}

function firstBlock(layers: readonly Layer[]): Block {
  const [conv, pool, relu] = layers as readonly [Layer, Layer?, Layer?];
  const fits =
    conv.kind === 'conv2d' &&
    conv.hasBias &&
    conv.stride === 1 &&
    conv.kernelSize % 2 === 1 &&
    conv.kernelSize >= 3;
  return fits && pool?.kind === 'max_pool2d' && pool.kernelSize === 2 && relu?.kind === 'relu'
    ? { form: 'conv_pool', layers: [conv, pool, relu] }
    : { form: 'layer', layers: [conv] };
}
