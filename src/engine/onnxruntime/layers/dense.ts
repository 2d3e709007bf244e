// Shape legend: B batch, C features in, O features out
import type { Dense } from '../../../models/layers.js';
import type { LayerEmitter } from './emitter.js';

/** y = x W^T + b; dW = dy^T x, db = sum of dy, dx = dy W. */
export const emitDense: LayerEmitter<Dense> = (g, _layer, x_BC, [weight_OC, bias_O]) => {
  g.keep(x_BC);
  return {
    y: g.op('Gemm', [x_BC, weight_OC, bias_O], { transB: 1 }),
    backward(dy_BO, needsInputGradient) {
      g.keep(dy_BO);
      return {
        parameters: [g.op('Gemm', [dy_BO, x_BC], { transA: 1 }), g.sum(dy_BO, 0)],
        dx: needsInputGradient ? g.op('Gemm', [dy_BO, weight_OC]) : undefined,
      };
    },
  };
};
