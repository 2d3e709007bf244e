import type { Shape } from '../../../core/shapes.js';
import { parametersOf, type Layer, type Residual } from '../../../models/layers.js';
import type { GraphBuilder, Value } from '../graph.js';
import type { EmittedLayer, LayerEmitter } from './emitter.js';

/** Writes the layers of one way through the block. */
export type EmitBranch = (
  g: GraphBuilder,
  layers: readonly Layer[],
  inputShape: Shape,
  x: Value,
  parameters: readonly Value[],
) => EmittedLayer;

/** y = relu(body(x) + shortcut(x)); dy goes back through both where y > 0, and what arrives at x is added. */
export const emitResidual =
  (emitBranch: EmitBranch): LayerEmitter<Residual> =>
  (g, { body, shortcut }, x, parameters, input) => {
    const numInBody = parametersOf(body).length;
    const branches = [
      emitBranch(g, body, input, x, parameters.slice(0, numInBody)),
      emitBranch(g, shortcut, input, x, parameters.slice(numInBody)),
    ];
    const add = (a: Value, b: Value) => g.op('Add', [a, b]);
    const y = g.op('Relu', [branches.map((branch) => branch.y).reduce(add)]);
    const isPositive = g.keep(g.op('Greater', [y, g.floats(0)], {}, 'bool'));
    return {
      y,
      backward(dy, needsInputGradient) {
        const dSum = g.op('Mul', [dy, g.toFloat(isPositive)]);
        const gradients = branches.map((branch) => branch.backward(dSum, needsInputGradient));
        return {
          parameters: gradients.flatMap((each) => each.parameters),
          dx: needsInputGradient ? gradients.flatMap(({ dx }) => (dx ? [dx] : [])).reduce(add) : undefined,
        };
      },
    };
  };
