import type { Layer } from '../models/layers.js';

/**
 * Pools before rectifying, wherever a ReLU stands right before a pooling: a quarter of the work for the ReLU, the same
 * bits. max and ReLU commute, since ReLU is monotone. So do the gradients: where a window's maximum is positive, ReLU keeps
 * which positions hold it; where it is not, the ReLU's gradient is 0 in both orders.
 */
export function poolBeforeRelu(layers: readonly Layer[]): readonly Layer[] {
  const ordered = [...layers];
  for (let index = 0; index + 1 < ordered.length; index++) {
    const [layer, next] = [ordered[index], ordered[index + 1]];
    if (layer.kind === 'relu' && next.kind === 'max_pool2d') {
      ordered[index] = next;
      ordered[index + 1] = layer;
    }
  }
  return ordered;
}
