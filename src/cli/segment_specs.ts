import type { OptimizerOptions } from '../engine/optimizer.js';
import type { Place, SegmentSpec } from '../engine/engine.js';
import { unsplitNetwork, type Network, type NetworkPart, type SplitNetwork } from '../models/network.js';
import type { Scheme } from '../server/schemes/scheme.js';

/** What decides which layers a side trains, and how. */
export interface SegmentOptions {
  readonly scheme: Scheme;
  readonly network: Network;
  readonly split: SplitNetwork;
  readonly headOptimizer: OptimizerOptions;
  readonly tailOptimizer: OptimizerOptions;
}

/** What a client trains: its head; in the U shape also the last layers; or the whole network, where the server has none. */
export function clientSegments(
  { scheme, network, split, headOptimizer, tailOptimizer }: SegmentOptions,
  place: Place,
): readonly SegmentSpec[] {
  if (scheme.tails === 'none') return [wholeSpec(network, split, headOptimizer, tailOptimizer, place)];
  const head = headSpec(split.head, headOptimizer, place);
  return split.back ? [head, tailSpec(split.back, tailOptimizer, place)] : [head];
}

export function headSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: false, needsInputGradient: false, groups, ...place };
}

/** The network's end, with the loss: the server's, or in the U shape the client's. */
export function tailSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: true, needsInputGradient: true, groups, ...place };
}

/** The server's layers in the U shape. */
export function middleSpec(part: NetworkPart, optimizer: OptimizerOptions, place: Place): SegmentSpec {
  const groups = [{ numLayers: part.layers.length, optimizer }];
  return { part, hasLoss: false, needsInputGradient: true, groups, ...place };
}

/** The unsplit network, whose two parts keep their optimisers. */
function wholeSpec(
  network: Network,
  { head }: SplitNetwork,
  headOptimizer: OptimizerOptions,
  tailOptimizer: OptimizerOptions,
  place: Place,
): SegmentSpec {
  const numHead = head.layers.length;
  const groups = [
    { numLayers: numHead, optimizer: headOptimizer },
    { numLayers: network.layers.length - numHead, optimizer: tailOptimizer },
  ];
  return { part: unsplitNetwork(network), hasLoss: true, needsInputGradient: false, groups, ...place };
}
