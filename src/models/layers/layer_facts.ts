import { ShapeError } from '../../core/errors.js';
import { formatShape, type Shape } from '../../core/shapes.js';

/** What a kind of layer is to everybody but the engines. Shapes leave the batch out. */
export interface LayerFacts<L> {
  /** Shape of what the layer gives for one row of this shape. Throws ShapeError where the layer does not fit. */
  outputShape(layer: L, input: Shape): Shape;
  /** The trained parameters, weight before bias, named as PyTorch names them. */
  parameters(layer: L): readonly ParameterSpec[];
  costs(layer: L, input: Shape): Costs;
  /** Whether a row's output is a linear function of it, up to the row's own scale and a bias, and so tells as much of it. */
  readonly isLinear: boolean;
}

/** What one row costs a layer, or a list of layers: floating-point operations, a multiplication and an addition being two. */
export interface Costs {
  readonly forwardFlop: number;
  /** Backward, to the gradients of all parameters. */
  readonly parameterFlop: number;
  /** What is added where somebody waits for the input's gradient. */
  readonly inputFlop: number;
  /** Values that forward makes and backward needs, the output among them. */
  readonly numKept: number;
}

export interface ParameterSpec {
  readonly name: string;
  readonly shape: Shape;
  readonly initial: InitialValues;
}

/** Uniform in +-1/sqrt(fan in), where `fanIn` is the number of inputs of one output, or the same number everywhere. */
export type InitialValues = { readonly fanIn: number } | { readonly constant: number };

/** Of products of a [numOutputs] x [numTerms] kind: forward and both gradients are as many multiplications and additions each. */
export function productCosts(numOutputs: number, numTerms: number, hasBias: boolean): Costs {
  const product = 2 * numOutputs * numTerms;
  const bias = hasBias ? numOutputs : 0;
  return {
    forwardFlop: product + bias,
    parameterFlop: product + bias,
    inputFlop: product,
    numKept: numOutputs,
  };
}

export const noParameters = (): readonly ParameterSpec[] => [];

/** [channels, height, width]. Throws ShapeError where the input is no picture. */
export function pictureOf(layer: { readonly name: string }, input: Shape): [number, number, number] {
  if (input.length !== 3) throw misfit(layer, input, 'a picture (channels, height, width)');
  return [input[0], input[1], input[2]];
}

export function misfit({ name }: { readonly name: string }, input: Shape, expected: string): ShapeError {
  return new ShapeError(
    'ERR_LAYER_SHAPE',
    `Layer "${name}" is given ${formatShape(input)}, but expects ${expected}. Change the layers, or the data set.`,
    { layer: name, input: formatShape(input) },
  );
}
