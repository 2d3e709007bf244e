// Shape legend: B batch (the innermost axis of everything here), C channels in, O channels out, k kernel side,
// h w pooled output, H W a quarter of the padded picture, P position in a pooling window (4), K window entries (C*(k+1)^2)
import { layerOutputShape, type Conv2d } from '../../../models/layers.js';
import type { Shape } from '../../../core/shapes.js';
import type { GraphBuilder, Value } from '../graph.js';
import { batchFirst, batchLast } from '../layouts.js';
import type { LayerEmitter } from './emitter.js';
import { play } from './max_pool2d.js';

/** Sums of this many products are added up one after the other by the matrix product of onnxruntime, longer ones in blocks. */
const LONGEST_SUM = 128;

/**
 * Convolution (stride 1, odd kernel), 2x2 max pooling and ReLU as one block.
 *
 * The four convolutions of a pooling window see (k+1)x(k+1) pixels together, and windows are 2 pixels apart. So one matrix
 * product gives all four, as four planes that max compares element by element:
 *
 *     z[(P,O), (h,w,B)] = W4[(P,O), K] columns[K, (h,w,B)]
 *
 * W4 is the kernel at the four positions of the (k+1)x(k+1) window, zeros around it. Columns are (k+1)^2 pixels for four
 * outputs, where k^2 for each would be nearly four times as many. The picture is kept as its four quarters (rows and columns
 * even or odd), in which pixels that are 2 apart are neighbours, so that every row of columns is a rectangle to copy.
 *
 * Tied maxima: all four sum the same products in the same order (zeros add nothing), so that equal pixels give equal bits.
 */
export const emitConvPool: LayerEmitter<Conv2d> = (g, conv, x_BCHW, [weight_OCkk, bias_O], input) => {
  const sizes = sizesOf(conv, input);
  const { O, h, w } = sizes;
  const quarters = g.keep(toQuarters(g, batchLast(g, x_BCHW, input), sizes));
  const w4_PO_K = atFourPositions(g, weight_OCkk, sizes);
  const columns_KL = windowColumns(g, quarters, sizes);
  const planes = g.split(product(g, w4_PO_K, columns_KL, sizes), [O, O, O, O]);
  const champion = play(g, planes);
  const y_OL = g.op('Relu', [g.op('Add', [champion.value, g.reshape(bias_O, [O, 1])])]);
  const isPositive_OL = g.keep(g.op('Greater', [y_OL, g.floats(0)], {}, 'bool'));
  return {
    y: batchFirst(g, g.reshape(y_OL, [O, h, w, -1]), [O, h, w]),
    backward(dy_BOhw, needsInputGradient) {
      const dy_OL = g.reshape(batchLast(g, dy_BOhw, [O, h, w]), [O, -1]);
      const d_OL = g.op('Mul', [dy_OL, g.toFloat(isPositive_OL)]);
      const dz_PO_L = g.keep(g.concat(champion.backward(d_OL), 0));
      const dw4 = g.op('Gemm', [dz_PO_L, columns_KL], { transB: 1 });
      return {
        parameters: [fromFourPositions(g, dw4, sizes), g.sum(d_OL, 1)],
        dx: needsInputGradient ? inputGradient(g, w4_PO_K, dz_PO_L, sizes, input) : undefined,
      };
    },
  };
};

interface Sizes {
  readonly C: number;
  readonly O: number;
  readonly k: number;
  readonly h: number;
  readonly w: number;
  readonly H: number;
  readonly W: number;
  readonly K: number;
  /** Into how many sums the sum over K is split: each over some channels. */
  readonly numSums: number;
  /** Pixels added before and after rows and columns (a negative number: left out), so that there are 2H x 2W. */
  readonly pads: readonly number[];
}

function sizesOf(conv: Conv2d, input: Shape): Sizes {
  const { kernelSize: k, padding, outChannels: O, inChannels: C } = conv;
  const [, height, width] = input;
  const [h, w] = layerOutputShape(conv, input)
    .slice(1)
    .map((size) => Math.floor(size / 2));
  const reach = (k + 1) / 2;
  const [H, W] = [h + reach - 1, w + reach - 1];
  const after = [2 * H - height - padding, 2 * W - width - padding];
  const window = (k + 1) ** 2;
  let numSums = 1;
  while (numSums < C && (C % numSums !== 0 || (C / numSums) * window > LONGEST_SUM)) numSums++;
  const pads = [0, padding, padding, 0, 0, ...after, 0];
  return { C, O, k, h, w, H, W, K: C * window, numSums, pads };
}

/** x [C, height, width, B] -> [C, 2, 2, H, W, B]: rows even or odd, columns even or odd. */
function toQuarters(g: GraphBuilder, x_CHWB: Value, { C, H, W, pads }: Sizes): Value {
  const padded = pads.every((pad) => pad === 0) ? x_CHWB : g.op('Pad', [x_CHWB, g.ints(...pads)]);
  return g.transpose(g.reshape(padded, [C, H, 2, W, 2, -1]), 0, 2, 4, 1, 3, 5);
}

/** The way back. */
function fromQuarters(g: GraphBuilder, quarters: Value, { C, H, W, pads }: Sizes): Value {
  const padded = g.reshape(g.transpose(quarters, 0, 3, 1, 4, 2, 5), [C, 2 * H, 2 * W, -1]);
  return pads.every((pad) => pad === 0) ? padded : g.op('Pad', [padded, g.ints(...pads.map((pad) => -pad))]);
}

/** [(C, row, column), (h, w, B)]: what each pixel of the window is in all windows. */
function windowColumns(g: GraphBuilder, quarters: Value, { k, h, w, K }: Sizes): Value {
  const pixels: Value[] = [];
  for (let row = 0; row <= k; row++)
    for (let column = 0; column <= k; column++) {
      const [isOddRow, isOddColumn] = [row % 2, column % 2];
      const [top, left] = [row >> 1, column >> 1];
      const from = g.ints(isOddRow, isOddColumn, top, left);
      const to = g.ints(isOddRow + 1, isOddColumn + 1, top + h, left + w);
      pixels.push(g.op('Slice', [quarters, from, to, g.ints(1, 2, 3, 4)]));
    }
  return g.reshape(g.concat(pixels, 1), [K, -1]);
}

const positions = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

function atFourPositions(g: GraphBuilder, weight_OCkk: Value, { K }: Sizes): Value {
  const placed = positions.map(([row, column]) =>
    g.op('Pad', [weight_OCkk, g.ints(0, 0, row, column, 0, 0, 1 - row, 1 - column)]),
  );
  return g.reshape(g.concat(placed, 0), [-1, K]);
}

function fromFourPositions(g: GraphBuilder, dw4: Value, { C, O, k }: Sizes): Value {
  const placed = g.split(g.reshape(dw4, [4 * O, C, k + 1, k + 1]), [O, O, O, O]);
  const parts = placed.map((part, index) => {
    const [row, column] = positions[index];
    return g.op('Slice', [part, g.ints(row, column), g.ints(row + k, column + k), g.ints(2, 3)]);
  });
  return g.op('Sum', parts);
}

/** W4 columns, where a sum is too long as the sum of several: each over some channels. */
function product(g: GraphBuilder, w4_PO_K: Value, columns_KL: Value, { K, numSums }: Sizes): Value {
  const parts = Array<number>(numSums).fill(K / numSums);
  const rows = g.split(columns_KL, parts);
  return g
    .split(w4_PO_K, parts, 1)
    .map((part, index) => g.op('MatMul', [part, rows[index]]))
    .reduce((sum, term) => g.op('Add', [sum, term]));
}

/**
 * dx = W4^T dz, each row added to the pixels it was copied from: col2im, first over the rows of a window, then over its
 * columns. (With the batch innermost, one over both would need the batch size as an attribute, its dilation.)
 */
function inputGradient(g: GraphBuilder, w4_PO_K: Value, dz_PO_L: Value, sizes: Sizes, input: Shape): Value {
  const { C, O, k, h, w, H, W } = sizes;
  const m = (k + 1) / 2;
  // [(column >> 1, C, isOddRow, isOddColumn, row >> 1), (P, O)]
  const byOffset = g.transpose(g.reshape(w4_PO_K, [4 * O, C, m, 2, m, 2]), 4, 1, 3, 5, 2, 0);
  const dColumns = g.op('MatMul', [g.reshape(byOffset, [4 * C * m * m, 4 * O]), dz_PO_L]);
  const numRows = g.op('Div', [shapeOf(g, dz_PO_L, 1), g.ints(h * w)], {}, 'int64');
  const rowsSize = g.concat([g.ints(H), g.op('Mul', [numRows, g.ints(w)], {}, 'int64')], 0);
  const rows = g.op('Col2Im', [g.reshape(dColumns, [1, 4 * C * m * m, -1]), rowsSize, g.ints(m, 1)]);
  const byColumn = g.transpose(g.reshape(rows, [m, 4 * C * H, -1]), 1, 0, 2);
  const columnsSize = g.concat([g.ints(W), numRows], 0);
  const quarters = g.op('Col2Im', [g.reshape(byColumn, [1, 4 * C * H * m, -1]), columnsSize, g.ints(m, 1)]);
  return batchFirst(g, fromQuarters(g, g.reshape(quarters, [C, 2, 2, H, W, -1]), sizes), input);
}

function shapeOf(g: GraphBuilder, x: Value, axis: number): Value {
  return g.op('Shape', [x], { start: axis, end: axis + 1 }, 'int64');
}
