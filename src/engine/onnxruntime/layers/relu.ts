import type { Relu } from '../../../models/layers.js';
import type { LayerEmitter } from './emitter.js';

/** dx = dy where y > 0, else 0. */
export const emitRelu: LayerEmitter<Relu> = (g, _layer, x) => {
  const y = g.op('Relu', [x]);
  const isPositive = g.keep(g.op('Greater', [y, g.floats(0)], {}, 'bool'));
  return {
    y,
    backward: (dy) => ({ parameters: [], dx: g.op('Mul', [dy, g.toFloat(isPositive)]) }),
  };
};
