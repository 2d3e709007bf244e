import type { Shape } from '../../../core/shapes.js';
import { parametersOf, type Layer, type Residual } from '../../../models/layers.js';
import type { Step } from '../steps.js';
import { parameterGradients, runBackward, runForward } from '../tape.js';
import type { Handle } from '../tensors.js';
import { ofFloats } from '../attributes.js';
import { rememberLast, type LayerCompiler } from './layer.js';

/** y = relu(body(x) + shortcut(x)); dy goes back through both where y > 0, and what arrives at x is added. */
export const compileResidual =
  (compileBranch: (layers: readonly Layer[], input: Shape) => readonly Step[]): LayerCompiler<Residual> =>
  ({ body, shortcut }, input) => {
    const [bodySteps, shortcutSteps] = [body, shortcut].map((branch) => compileBranch(branch, input));
    const numInBody = parametersOf(body).length;
    return (t, x, parameters) => {
      const tapes = [
        runForward(t, bodySteps, parameters.slice(0, numInBody), x),
        runForward(t, shortcutSteps, parameters.slice(numInBody), x),
      ];
      const add = (a: Handle, b: Handle) => t.add(a, b);
      const y = t.run('Relu', [ofFloats], [tapes.map((tape) => tape.y).reduce(add)]);
      const gradientOfSum = rememberLast((dy: Handle) => t.reluGradient(dy, y));
      return {
        y,
        inputGradient: (dy) => tapes.map((tape) => runBackward(tape, gradientOfSum(dy), true)).reduce(add),
        parameterGradients(dy) {
          // Where nobody asked for the input's gradient, the branches have not run back yet.
          for (const tape of tapes) if (tape.dy.size === 0) runBackward(tape, gradientOfSum(dy), false);
          return tapes.flatMap(parameterGradients);
        },
      };
    };
  };
