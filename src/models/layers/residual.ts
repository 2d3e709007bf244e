import { formatShape, numElements, sameShape, type Shape } from '../../core/shapes.js';
import type { Layer } from '../layers.js';
import { misfit, type Costs, type LayerFacts, type ParameterSpec } from './layer_facts.js';

/**
 * A residual block (He et al., arXiv 1512.03385): relu(body(x) + shortcut(x)), where an empty shortcut is x itself. One
 * layer for cutting, since two tensors cross everywhere inside. A parameter of a layer inside has the block's name before
 * its own, as in PyTorch: `layer1.conv1.weight`.
 */
export interface Residual {
  readonly kind: 'residual';
  readonly name: string;
  readonly body: readonly Layer[];
  readonly shortcut: readonly Layer[];
}

export const residual = (
  name: string,
  body: readonly Layer[],
  shortcut: readonly Layer[] = [],
): Residual => ({ kind: 'residual', name, body, shortcut });

/** What is known of a list of layers. */
interface ListFacts {
  readonly outputShape: (layers: readonly Layer[], input: Shape) => Shape;
  readonly parametersOf: (layers: readonly Layer[]) => readonly ParameterSpec[];
  readonly costsOf: (layers: readonly Layer[], input: Shape) => Costs;
}

/** The facts of a block, from those of the lists inside. */
export function residualFacts({ outputShape, parametersOf, costsOf }: ListFacts): LayerFacts<Residual> {
  return {
    outputShape(layer, input) {
      const [output, added] = [layer.body, layer.shortcut].map((branch) => outputShape(branch, input));
      if (!sameShape(output, added)) {
        const shapes = `${formatShape(output)} and ${formatShape(added)}`;
        throw misfit(layer, input, `body and shortcut to give the same shape, not ${shapes}`);
      }
      return output;
    },
    parameters: ({ name, body, shortcut }) =>
      parametersOf([...body, ...shortcut]).map((parameter) => ({
        ...parameter,
        name: `${name}.${parameter.name}`,
      })),
    /** Of both branches; the sum and its ReLU forward, the ReLU backward, and the sum of what arrives at the input. */
    costs({ body, shortcut }, input) {
      const [a, b] = [costsOf(body, input), costsOf(shortcut, input)];
      const size = numElements(outputShape(body, input));
      return {
        forwardFlop: a.forwardFlop + b.forwardFlop + 2 * size,
        parameterFlop: a.parameterFlop + b.parameterFlop + size,
        inputFlop: a.inputFlop + b.inputFlop + numElements(input),
        numKept: a.numKept + b.numKept + size,
      };
    },
    isLinear: false,
  };
}
