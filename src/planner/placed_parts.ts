import { ConfigError } from '../core/errors.js';
import { outputShape } from '../models/layers.js';
import type { Network, NetworkPart } from '../models/network.js';

/** Who has which layers: clients the head, and in a U-shaped scheme the back too; the server what is between or behind. */
export interface PlacedParts {
  /** Name of the head's last layer. */
  readonly cut: string;
  /** Name of the last of the server's layers, where clients have those behind it. */
  readonly cutBack: string | undefined;
  readonly head: NetworkPart;
  readonly server: NetworkPart;
  readonly back: NetworkPart | undefined;
}

/** Every way to place the layers of a network: after each layer but the last; U-shaped, every pair of cuts. */
export function possibleParts(network: Network, isUShaped: boolean): readonly PlacedParts[] {
  const ends = Array.from(network.layers.keys()).slice(1);
  if (!isUShaped) return ends.map((end) => partsOf(network, end));
  const pairs = ends.flatMap((end) =>
    ends.filter((backStart) => backStart > end).map((backStart) => partsOf(network, end, backStart)),
  );
  if (pairs.length > 0) return pairs;
  throw new ConfigError(
    'ERR_CUT',
    `"${network.model}" has ${network.layers.length} layers, but a U-shaped scheme needs three: one for each part. ` +
      'Choose another `model`.',
  );
}

function partsOf({ layers, inputShape }: Network, headEnd: number, backStart = layers.length): PlacedParts {
  const part = (start: number, end: number): NetworkPart => {
    const own = layers.slice(start, end);
    const input = outputShape(layers.slice(0, start), inputShape);
    return { layers: own, inputShape: input, outputShape: outputShape(own, input) };
  };
  const hasBack = backStart < layers.length;
  return {
    cut: layers[headEnd - 1].name,
    cutBack: hasBack ? layers[backStart - 1].name : undefined,
    head: part(0, headEnd),
    server: part(headEnd, backStart),
    back: hasBack ? part(backStart, layers.length) : undefined,
  };
}
