// Shape legend: B batch, C channels in, O channels out, k kernel side, h w pooled output, H W half of the padded picture's sides,
// P position in a pooling window (4), K pixels of the window that a pooling window sees: C*(k+1)^2, L places: h*w*B
import { layerOutputShape, type Conv2d, type MaxPool2d, type Relu } from '../../../models/layers.js';
import type { Shape } from '../../../core/shapes.js';
import type { GraphBuilder, Value } from '../graph.js';
import { emitConv2d } from './conv2d.js';
import type { LayerEmitter } from './emitter.js';
import { emitTournament, type Tournament } from './max_pool2d.js';
import { pixelGradient, transformGradient, weightGradient } from './winograd.js';

type ConvPoolRelu = readonly [Conv2d, MaxPool2d, Relu];

/**
 * Convolution (stride 1, odd kernel), 2x2 max pooling and ReLU: forward as the layers one by one, gradients as one block with
 * the batch as the innermost axis.
 *
 * The four convolutions of a pooling window see (k+1)x(k+1) pixels together, and windows are 2 pixels apart. So the gradients
 * at the four positions are four planes, and one matrix product serves them all:
 *
 *     dW4[(P,O), K] = dz[(P,O), L] columns[K, L]^T        dcolumns[K, L] = W4[(P,O), K]^T dz[(P,O), L]
 *
 * W4 is the kernel at the four positions of the (k+1)x(k+1) window, zeros around it; dW is the sum of dW4 over the positions.
 * Columns are (k+1)^2 pixels for four outputs, where k^2 for each would be nearly four times as many. The picture is kept as
 * four quarters (rows and columns even or odd), in which pixels that are 2 apart are neighbours: a row of columns is a
 * rectangle to copy, and with the batch innermost its lines are long.
 */
export const emitConvPool: LayerEmitter<ConvPoolRelu> = (g, [conv, pool], x_BCHW, parameters, input) => {
  const sizes = sizesOf(conv, input);
  const { O } = sizes;
  const convolved = emitConv2d(g, conv, x_BCHW, parameters, input);
  const pooled = emitTournament(g, pool, convolved.y, layerOutputShape(conv, input));
  const y_BOhw = g.op('Relu', [pooled.y]);
  const isPositive = g.keep(g.op('Greater', [y_BOhw, g.floats(0)], {}, 'bool'));
  return {
    y: y_BOhw,
    backward(dy_BOhw, needsInputGradient) {
      const d_BOhw = g.op('Mul', [dy_BOhw, g.toFloat(isPositive)]);
      const d_OL = g.keep(g.reshape(batchLast(g, d_BOhw, 3), [O, -1]));
      const dz_PO_L = g.keep(g.concat(toWinners(g, d_OL, pooled, sizes), 0));
      const columns_KL = windowColumns(g, toQuarters(g, x_BCHW, sizes), sizes);
      const { dw, dColumns } =
        sizes.k === 3
          ? byWinograd(g, parameters[0], columns_KL, dz_PO_L, sizes)
          : byProducts(g, parameters[0], columns_KL, dz_PO_L, sizes);
      return {
        parameters: [dw, g.sum(d_OL, 1)],
        dx: needsInputGradient ? toPicture(g, dColumns, dz_PO_L, sizes) : undefined,
      };
    },
  };
};

interface Sizes {
  readonly C: number;
  readonly O: number;
  readonly k: number;
  /** Half of the window's side. */
  readonly m: number;
  readonly h: number;
  readonly w: number;
  readonly H: number;
  readonly W: number;
  /** Pixels added before and after each axis of [C, height, width, B] (a negative number: left out), so that there are 2H x 2W. */
  readonly pads: readonly number[];
}

function sizesOf(conv: Conv2d, input: Shape): Sizes {
  const { kernelSize: k, padding, outChannels: O, inChannels: C } = conv;
  const [, height, width] = input;
  const [h, w] = layerOutputShape(conv, input)
    .slice(1)
    .map((size) => Math.floor(size / 2));
  const m = (k + 1) / 2;
  const [H, W] = [h + m - 1, w + m - 1];
  const pads = [0, padding, padding, 0, 0, 2 * H - height - padding, 2 * W - width - padding, 0];
  return { C, O, k, m, h, w, H, W, pads };
}

/** x [B, ...] -> [..., B], with so many axes before B. */
function batchLast(g: GraphBuilder, x: Value, numAxes: number): Value {
  return g.transpose(x, ...Array.from({ length: numAxes }, (_, axis) => axis + 1), 0);
}

/** The gradient of each window at its four positions, row by row: the pooling's tournament, played backwards. */
function toWinners(
  g: GraphBuilder,
  d_OL: Value,
  { isLeft, isUpper }: Tournament,
  { O, h, w }: Sizes,
): readonly Value[] {
  const asPlanes = (mask: Value, ...shape: readonly number[]) =>
    batchLast(g, g.reshape(g.toFloat(mask), [-1, ...shape]), shape.length);
  const keep = (d: Value, mask: Value) => {
    const first = g.op('Mul', [d, g.reshape(mask, [O, -1])]);
    return [first, g.op('Sub', [d, first])];
  };
  const [upper, lower] = keep(d_OL, asPlanes(isUpper, O * h * w));
  const [upperLeft, lowerLeft] = g.split(asPlanes(isLeft, O * h, 2, w), [1, 1], 1);
  return [...keep(upper, upperLeft), ...keep(lower, lowerLeft)];
}

/** x [B, C, height, width] -> [(row parity, column parity, C), H, W, B] */
function toQuarters(g: GraphBuilder, x_BCHW: Value, { C, H, W, pads }: Sizes): Value {
  const x_CHWB = batchLast(g, x_BCHW, 3);
  const padded = pads.every((pad) => pad === 0) ? x_CHWB : g.op('Pad', [x_CHWB, g.ints(...pads)]);
  const quarters = g.transpose(g.reshape(padded, [C, H, 2, W, 2, -1]), 2, 4, 0, 1, 3, 5);
  return g.reshape(quarters, [4 * C, H, W, -1]);
}

/** [K, L]: what each pixel of the window is, in all windows. K = (row >> 1, column >> 1, row parity, column parity, C) */
function windowColumns(g: GraphBuilder, quarters: Value, { C, k, m, h, w }: Sizes): Value {
  const rectangles: Value[] = [];
  for (let top = 0; top < m; top++)
    for (let left = 0; left < m; left++)
      rectangles.push(g.op('Slice', [quarters, g.ints(top, left), g.ints(top + h, left + w), g.ints(1, 2)]));
  return g.reshape(g.concat(rectangles, 0), [C * (k + 1) ** 2, -1]);
}

/** Rows and columns of zeros before the kernel, for each position in a pooling window. */
const positions = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

/** weight [O, C, k, k] -> [(P,O), C, k+1, k+1] */
function atPositions(g: GraphBuilder, weight_OCkk: Value): Value {
  const placed = positions.map(([row, column]) =>
    g.op('Pad', [weight_OCkk, g.ints(0, 0, row, column, 0, 0, 1 - row, 1 - column)]),
  );
  return g.concat(placed, 0);
}

interface Gradients {
  /** [O, C, k, k] */
  readonly dw: Value;
  /** [(C, column >> 1, row parity, column parity, row >> 1), L] */
  readonly dColumns: Value;
}

function byProducts(
  g: GraphBuilder,
  weight_OCkk: Value,
  columns_KL: Value,
  dz_PO_L: Value,
  { C, O, k, m }: Sizes,
): Gradients {
  const dw4_PO_K = g.reshape(g.op('Gemm', [dz_PO_L, columns_KL], { transB: 1 }), [4 * O, m, m, 2, 2, C]);
  const dw4_POCkk = g.reshape(g.transpose(dw4_PO_K, 0, 5, 1, 3, 2, 4), [4 * O, C, k + 1, k + 1]);
  const kernels = g.split(dw4_POCkk, [O, O, O, O]).map((each, index) => {
    const [row, column] = positions[index];
    return g.op('Slice', [each, g.ints(row, column), g.ints(row + k, column + k), g.ints(2, 3)]);
  });
  const w4_PO_C = g.reshape(atPositions(g, weight_OCkk), [4 * O, C, m, 2, m, 2]);
  const w4_C_PO = g.reshape(g.transpose(w4_PO_C, 1, 4, 3, 5, 2, 0), [C * (k + 1) ** 2, 4 * O]);
  return { dw: g.op('Sum', kernels), dColumns: g.op('MatMul', [w4_C_PO, dz_PO_L]) };
}

function byWinograd(
  g: GraphBuilder,
  weight_OCkk: Value,
  columns_KL: Value,
  dz_PO_L: Value,
  { C, O }: Sizes,
): Gradients {
  const dm_TOL = transformGradient(g, g.reshape(dz_PO_L, [4, -1]), O);
  const bits = [0, 1];
  const inTile = (top: number, isOddRow: number, left: number, isOddColumn: number) =>
    (2 * top + isOddRow) * 4 + 2 * left + isOddColumn;
  const ofColumns = bits.flatMap((top) =>
    bits.flatMap((left) => bits.flatMap((row) => bits.map((column) => inTile(top, row, left, column)))),
  );
  const ofGradient = bits.flatMap((left) =>
    bits.flatMap((row) => bits.flatMap((column) => bits.map((top) => inTile(top, row, left, column)))),
  );
  return {
    dw: weightGradient(g, g.reshape(columns_KL, [16, -1]), dm_TOL, ofColumns, [O, C]),
    dColumns: pixelGradient(g, weight_OCkk, dm_TOL, ofGradient, [O, C]),
  };
}

/**
 * Each row of dcolumns added to the pixels that it was copied from: col2im, first over the rows of a window, then over its
 * columns. (With the batch innermost, one over both would need the batch size as an attribute, its dilation.)
 */
function toPicture(
  g: GraphBuilder,
  dColumns: Value,
  dz_PO_L: Value,
  { C, m, h, w, H, W, pads }: Sizes,
): Value {
  const numPlaces = g.op('Shape', [dz_PO_L], { start: 1, end: 2 }, 'int64');
  const numRows = g.op('Div', [numPlaces, g.ints(h * w)], {}, 'int64');
  const tall = g.concat([g.ints(H), g.op('Mul', [numRows, g.ints(w)], {}, 'int64')], 0);
  const rows = g.op('Col2Im', [g.reshape(dColumns, [1, 4 * C * m * m, -1]), tall, g.ints(m, 1)]);
  const byColumn = g.transpose(g.reshape(rows, [C, m, 4 * H, -1]), 0, 2, 1, 3);
  const wide = g.concat([g.ints(W), numRows], 0);
  const quarters = g.op('Col2Im', [g.reshape(byColumn, [1, 4 * C * H * m, -1]), wide, g.ints(m, 1)]);
  const pairs = g.transpose(g.reshape(quarters, [C, 2, 2, H, W, -1]), 0, 3, 1, 4, 2, 5);
  const padded = g.reshape(pairs, [C, 2 * H, 2 * W, -1]);
  const x_CHWB = pads.every((pad) => pad === 0)
    ? padded
    : g.op('Pad', [padded, g.ints(...pads.map((pad) => -pad))]);
  return g.transpose(x_CHWB, 3, 0, 1, 2);
}
