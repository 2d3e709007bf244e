// Shape legend: B batch, C channels, H W picture, h w output, k window side
import type { Shape } from '../../../core/shapes.js';
import type { MaxPool2d } from '../../../models/layers.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { EmittedLayer, LayerEmitter } from './emitter.js';

/**
 * A tournament: within each row of a window neighbours play and the left one wins ties, then the rows' champions play and
 * the upper one wins ties, so that the winner is the first maximum of its window in row-major order. Backward sends the
 * gradient the same way down: exactly one position gets it. (`x == y` would send it to every tied position, and ties are
 * common: the background of a digit is constant.)
 */
export const emitMaxPool2d: LayerEmitter<MaxPool2d> = (g, layer, x_BCHW, _parameters, input) =>
  emitTournament(g, layer, x_BCHW, input);

/** A pooling, and of one with windows of 2x2 which contender won each game. */
export interface Tournament extends EmittedLayer {
  /** [B, C, h, 2, w] as a flat list: of the upper and the lower row of each window, its left pixel. */
  readonly isLeft: Value;
  /** [B, C, h, w] as a flat list: the upper row. */
  readonly isUpper: Value;
}

export function emitTournament(
  g: GraphBuilder,
  { kernelSize: k }: MaxPool2d,
  x_BCHW: Value,
  input: Shape,
): Tournament {
  const [channels, height, width] = input;
  const h = Math.floor(height / k);
  const w = Math.floor(width / k);
  const isCropped = h * k !== height || w * k !== width;
  const cropped = isCropped
    ? g.op('Slice', [x_BCHW, g.ints(0, 0), g.ints(h * k, w * k), g.ints(2, 3)])
    : x_BCHW;

  // [B*C*H*w, k] -> k planes of [B*C*H*w]: the columns of all windows
  const columns = contenders(g, g.transpose(g.reshape(cropped, [-1, k]), 1, 0), k, 0);
  const rowChampion = play(g, columns);
  // [B*C*h, k, w] -> k planes of [B*C*h, 1, w]: the rows of all windows
  const rows = contenders(g, g.reshape(rowChampion.value, [-1, k, w]), k, 1);
  const champion = play(g, rows);
  return {
    y: g.reshape(champion.value, [-1, channels, h, w]),
    backward(dy) {
      const dRows = g.concat(champion.backward(g.reshape(dy, [-1, 1, w])), 1);
      const dColumns = g.concat(rowChampion.backward(g.reshape(dRows, [1, -1])), 0);
      const dx = g.reshape(g.transpose(dColumns, 1, 0), [-1, channels, h * k, w * k]);
      const missing = g.ints(0, 0, 0, 0, 0, 0, height - h * k, width - w * k);
      return { parameters: [], dx: isCropped ? g.op('Pad', [dx, missing]) : dx };
    },
    isLeft: rowChampion.isFirst[0],
    isUpper: champion.isFirst[0],
  };
}

function contenders(g: GraphBuilder, x: Value, k: number, axis: number): readonly Value[] {
  return g.split(x, new Array<number>(k).fill(1), axis);
}

interface Champion {
  readonly value: Value;
  /** Whether the first won, of each game; the final is the last. */
  readonly isFirst: readonly Value[];
  /** Gradients of the contenders, in their order. */
  backward(dy: Value): readonly Value[];
}

function play(g: GraphBuilder, contenders: readonly Value[]): Champion {
  if (contenders.length === 1) return { value: contenders[0], isFirst: [], backward: (dy) => [dy] };
  const middle = Math.ceil(contenders.length / 2);
  const first = play(g, contenders.slice(0, middle));
  const second = play(g, contenders.slice(middle));
  const isFirst = g.keep(g.op('GreaterOrEqual', [first.value, second.value], {}, 'bool'));
  return {
    value: g.op('Max', [first.value, second.value]),
    isFirst: [...first.isFirst, ...second.isFirst, isFirst],
    backward(dy) {
      const dyFirst = g.op('Mul', [dy, g.toFloat(isFirst)]);
      return [...first.backward(dyFirst), ...second.backward(g.op('Sub', [dy, dyFirst]))];
    },
  };
}
