import { ConfigError } from '../core/errors.js';
import type { Shape } from '../core/shapes.js';
import { outputShape, type Layer } from './layers.js';

/** A network as plain data: the layers from picture to logits. */
export interface Network {
  readonly model: string;
  /** Pixels of background added on each side of a picture before the first layer. */
  readonly padding: number;
  /** [channels, height, width] after padding. */
  readonly inputShape: Shape;
  readonly layers: readonly Layer[];
  /** Name of the layer after which the network is cut where the user does not say. */
  readonly defaultCut: string;
}

/** A contiguous part of a network. Shapes leave the batch out. */
export interface NetworkPart {
  readonly layers: readonly Layer[];
  readonly inputShape: Shape;
  readonly outputShape: Shape;
}

/** A network cut in two: the head is the clients', the tail is the server's. */
export interface SplitNetwork {
  /** Name of the last layer of the head. */
  readonly cut: string;
  readonly head: NetworkPart;
  readonly tail: NetworkPart;
}

/** The `cut` that stands for the model's own choice. */
export const DEFAULT_CUT = 'default';

/**
 * Cuts a network after a layer, given by its name or by the number of layers in the head ("3"), or by "default".
 * Throws ConfigError, naming every possible cut, where there is no such place.
 */
export function splitNetwork(network: Network, cut: string): SplitNetwork {
  const { layers, inputShape } = network;
  const wanted = cut === DEFAULT_CUT ? network.defaultCut : cut;
  const byName = layers.findIndex(({ name }) => name === wanted) + 1;
  const cutIndex = byName > 0 ? byName : /^\d+$/.test(wanted) ? Number(wanted) : 0;
  if (cutIndex < 1 || cutIndex >= layers.length) {
    const good = layers.slice(0, -1).map(({ name }, index) => `${name} (${index + 1})`);
    throw new ConfigError(
      'ERR_CUT',
      `\`cut\` is "${cut}", but "${network.model}" can be cut only after one of: ${good.join(', ')}. ` +
        'Give a name, or the number of layers that the head keeps.',
      { cut, model: network.model },
    );
  }
  const headLayers = layers.slice(0, cutIndex);
  const cutShape = outputShape(headLayers, inputShape);
  const tailLayers = layers.slice(cutIndex);
  return {
    cut: layers[cutIndex - 1].name,
    head: { layers: headLayers, inputShape, outputShape: cutShape },
    tail: { layers: tailLayers, inputShape: cutShape, outputShape: outputShape(tailLayers, cutShape) },
  };
}

/** The whole network as one part: what the split one is compared with. */
export function unsplitNetwork({ layers, inputShape }: Network): NetworkPart {
  return { layers, inputShape, outputShape: outputShape(layers, inputShape) };
}
