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

/** A network cut in two, or in the U shape in three: the client holds the first layers and the last. */
export interface SplitNetwork {
  /** Name of the last layer of the head. */
  readonly cut: string;
  /** The client's first layers. */
  readonly head: NetworkPart;
  /** The server's layers: up to the logits, or up to the back. */
  readonly tail: NetworkPart;
  /** In the U shape the client's last layers. */
  readonly back: NetworkPart | null;
}

/** The `cut` that stands for the model's own choice, and the `cut_back` for all but the last layer. */
export const DEFAULT_CUT = 'default';

/**
 * Cuts a network after a layer, given by its name or by the number of layers before the cut ("3"), or by "default"; with
 * `cutBack`, the last layer of the server, in the U shape. Throws ConfigError, naming every possible cut, where there is no such place.
 */
export function splitNetwork(network: Network, cut: string, cutBack?: string): SplitNetwork {
  const { layers, inputShape } = network;
  const cutIndex = placeOf(network, 'cut', cut === DEFAULT_CUT ? network.defaultCut : cut);
  const head = partOf(layers.slice(0, cutIndex), inputShape);
  const { name } = layers[cutIndex - 1];
  if (cutBack === undefined)
    return { cut: name, head, tail: partOf(layers.slice(cutIndex), head.outputShape), back: null };
  const backIndex = cutBack === DEFAULT_CUT ? layers.length - 1 : placeOf(network, 'cut_back', cutBack);
  if (backIndex <= cutIndex) {
    throw new ConfigError(
      'ERR_CUT',
      `\`cut_back\` is after "${layers[backIndex - 1].name}" (${backIndex}), not behind \`cut\`, after "${name}" (${cutIndex}): the ` +
        'server would have no layer. Move `cut` to the front, or `cut_back` to the back.',
      { cut, cutBack },
    );
  }
  const tail = partOf(layers.slice(cutIndex, backIndex), head.outputShape);
  return { cut: name, head, tail, back: partOf(layers.slice(backIndex), tail.outputShape) };
}

/** The whole network as one part: what the split one is compared with. */
export function unsplitNetwork({ layers, inputShape }: Network): NetworkPart {
  return partOf(layers, inputShape);
}

function partOf(layers: readonly Layer[], inputShape: Shape): NetworkPart {
  return { layers, inputShape, outputShape: outputShape(layers, inputShape) };
}

/** Number of layers before a cut. */
function placeOf({ layers, model }: Network, key: 'cut' | 'cut_back', wanted: string): number {
  const byName = layers.findIndex(({ name }) => name === wanted) + 1;
  const index = byName > 0 ? byName : /^\d+$/.test(wanted) ? Number(wanted) : 0;
  if (index >= 1 && index < layers.length) return index;
  const good = layers.slice(0, -1).map(({ name }, at) => `${name} (${at + 1})`);
  throw new ConfigError(
    'ERR_CUT',
    `\`${key}\` is "${wanted}", but "${model}" can be cut only after one of: ${good.join(', ')}. ` +
      'Give a name, or the number of layers before the cut.',
    { [key]: wanted, model },
  );
}
