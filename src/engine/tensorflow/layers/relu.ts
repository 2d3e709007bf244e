import type { Relu } from '../../../models/layers.js';
import { ofFloats } from '../attributes.js';
import type { LayerCompiler } from './layer.js';

/** dx = dy where y > 0, else 0. */
export const compileRelu: LayerCompiler<Relu> = () => (t, x) => {
  const y = t.run('Relu', [ofFloats], [x]);
  return { y, inputGradient: (dy) => t.reluGradient(dy, y) };
};
