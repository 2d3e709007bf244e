// Shape legend: B batch, C features in, O features out
import type { Dense } from '../../../models/layers.js';
import type { LayerCompiler } from './layer.js';

/** y = x W^T + b; dW = dy^T x, db = sum of dy, dx = dy W. */
export const compileDense: LayerCompiler<Dense> =
  () =>
  (t, x_BC, [weight_OC, bias_O]) => ({
    y: t.addBias(t.matMul(x_BC, weight_OC, { transposeB: true }), bias_O),
    inputGradient: (dy_BO) => t.matMul(dy_BO, weight_OC),
    parameterGradients: (dy_BO) => [t.matMul(dy_BO, x_BC, { transposeA: true }), t.biasGradient(dy_BO)],
  });
