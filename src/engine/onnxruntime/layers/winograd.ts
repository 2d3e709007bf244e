// Shape legend: C channels in, O channels out, L places, P position in a pooling window (4), X pixel of the 4x4 pixels that a
// window sees (16), T entry of a transformed tile (16), k*k kernel (9)
import type { GraphBuilder, Value } from '../graph.js';

type Matrix = readonly (readonly number[])[];

/*
 * F(2x2, 3x3) of Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015). A pooling window is a tile:
 *
 *     z = A [(G w G') . (B x B')] A'        (. entry by entry, summed over C; ' is transposed)
 *
 * Its gradients, with dm = A' dz A:         dw = G' [dm . (B x B')] G       dx = B' [dm . (G w G')] B
 *
 * are 16 products for each C and O, where the four positions of a 3x3 kernel take 36. Two-sided products are one with the
 * Kronecker product, since tiles are flat here.
 */
const A: Matrix = [
  [1, 1, 1, 0],
  [0, 1, -1, -1],
];
const B: Matrix = [
  [1, 0, -1, 0],
  [0, 1, 1, 0],
  [0, -1, 1, 0],
  [0, 1, 0, -1],
];
const G: Matrix = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];

/** dz [P, O, L] -> dm [T, O, L] */
export function transformGradient(g: GraphBuilder, dz_PX: Value, O: number): Value {
  return g.reshape(g.op('MatMul', [constantOf(g, transposed(kronecker(A))), dz_PX]), [16, O, -1]);
}

/** x [X, (C,L)], dm [T, O, L] -> dw [O, C, k, k]. `pixels` are the places of X in a 4x4 tile, row by row. */
export function weightGradient(
  g: GraphBuilder,
  x_X: Value,
  dm_TOL: Value,
  pixels: readonly number[],
  [O, C]: readonly [number, number],
): Value {
  const byPixel = kronecker(B).map((row) => pixels.map((pixel) => row[pixel]));
  const x_TCL = g.reshape(g.op('MatMul', [constantOf(g, byPixel), x_X]), [16, C, -1]);
  const dw_TOC = g.op('MatMul', [dm_TOL, g.transpose(x_TCL, 0, 2, 1)]);
  const dw_kk_OC = g.op('MatMul', [constantOf(g, transposed(kronecker(G))), g.reshape(dw_TOC, [16, O * C])]);
  return g.reshape(g.transpose(dw_kk_OC, 1, 0), [O, C, 3, 3]);
}

/** dm [T, O, L] -> dx [C, X, L] */
export function pixelGradient(
  g: GraphBuilder,
  weight_OCkk: Value,
  dm_TOL: Value,
  pixels: readonly number[],
  [O, C]: readonly [number, number],
): Value {
  const weight_kk_CO = g.transpose(g.reshape(weight_OCkk, [O, C, 9]), 2, 1, 0);
  const weight_T_CO = g.op('MatMul', [constantOf(g, kronecker(G)), g.reshape(weight_kk_CO, [9, C * O])]);
  const dx_TCL = g.op('MatMul', [g.reshape(weight_T_CO, [16, C, O]), dm_TOL]);
  const back = transposed(kronecker(B));
  const toPixels = constantOf(
    g,
    pixels.map((pixel) => back[pixel]),
  );
  return g.op('MatMul', [toPixels, g.transpose(dx_TCL, 1, 0, 2)]);
}

/** The Kronecker product of a matrix with itself: [(r, s), (t, u)] = m[r, t] m[s, u] */
function kronecker(m: Matrix): Matrix {
  return m.flatMap((upper) => m.map((lower) => upper.flatMap((a) => lower.map((b) => a * b))));
}

function transposed(m: Matrix): Matrix {
  return m[0].map((_, column) => m.map((row) => row[column]));
}

function constantOf(g: GraphBuilder, m: Matrix): Value {
  return g.reshape(g.floats(m.flat()), [m.length, m[0].length]);
}
