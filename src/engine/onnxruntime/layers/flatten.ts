import type { Flatten } from '../../../models/layers.js';
import type { LayerEmitter } from './emitter.js';

export const emitFlatten: LayerEmitter<Flatten> = (g, _layer, x, _parameters, input) => ({
  y: g.op('Flatten', [x], { axis: 1 }),
  backward: (dy) => ({ parameters: [], dx: g.reshape(dy, [0, ...input]) }),
});
