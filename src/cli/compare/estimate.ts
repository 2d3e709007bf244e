import type { RunConfig } from '../../config/run_config.js';
import { numElements, type Shape } from '../../core/shapes.js';
import { layerOutputShape, type Layer } from '../../models/layers.js';
import type { RunPlan } from '../plan.js';

/**
 * What a run costs, about: rows that it trains times the multiplications of one forward pass of the whole network. Backward
 * passes cost a multiple of it, and tests and hand-overs are left out: it is there to put runs in order.
 */
export function estimateOf(
  { n_epochs, max_steps, batch_size }: RunConfig,
  { shardSizes, network }: Pick<RunPlan, 'shardSizes' | 'network'>,
): number {
  const rows = shardSizes.reduce((sum, size) => sum + size, 0) * n_epochs;
  const trained = max_steps === 0 ? rows : Math.min(rows, max_steps * batch_size);
  return trained * multiplications(network.layers, network.inputShape);
}

/** Multiplications of the forward pass of one row. */
function multiplications(layers: readonly Layer[], inputShape: Shape): number {
  let shape = inputShape;
  let total = 0;
  for (const layer of layers) {
    shape = layerOutputShape(layer, shape);
    if (layer.kind === 'conv2d') total += numElements(shape) * layer.inChannels * layer.kernelSize ** 2;
    if (layer.kind === 'dense') total += layer.inFeatures * layer.outFeatures;
  }
  return total;
}
