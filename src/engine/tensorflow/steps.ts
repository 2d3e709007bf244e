import type { Shape } from '../../core/shapes.js';
import { layerOutputShape, layerParameters, type Layer, type LayerKind } from '../../models/layers.js';
import { poolBeforeRelu } from '../passes.js';
import { compileConv2d } from './layers/conv2d.js';
import { compileDense } from './layers/dense.js';
import { compileFlatten } from './layers/flatten.js';
import { compileGlobalAvgPool2d } from './layers/global_avg_pool2d.js';
import { compileGroupNorm } from './layers/group_norm.js';
import type { RunLayer } from './layers/layer.js';
import { compileMaxPool2d } from './layers/max_pool2d.js';
import { compileRelu } from './layers/relu.js';
import { compileResidual } from './layers/residual.js';
import { compileToChannelsFirst, compileToChannelsLast } from './layers/transpose.js';

/** A layer that is ready to run, or a transpose between two of them. */
export interface Step {
  readonly run: RunLayer;
  readonly numParameters: number;
}

const takesChannelsLast: ReadonlySet<LayerKind> = new Set([
  'conv2d',
  'max_pool2d',
  'group_norm',
  'global_avg_pool2d',
  'residual',
]);

/** The steps from a part's input to its output, both in the canonical layout; between them pictures have the channels last. */
export function compileSteps(layers: readonly Layer[], inputShape: Shape): readonly Step[] {
  return compileBetween(layers, inputShape, false);
}

/** The steps of a branch inside a layer, where pictures come and go with the channels last. */
function compileBranch(layers: readonly Layer[], inputShape: Shape): readonly Step[] {
  return compileBetween(layers, inputShape, true);
}

function compileBetween(
  layers: readonly Layer[],
  inputShape: Shape,
  areEndsChannelsLast: boolean,
): readonly Step[] {
  const steps: Step[] = [];
  let shape = inputShape;
  let isChannelsLast = areEndsChannelsLast;
  const wantChannelsLast = (isWanted: boolean) => {
    if (shape.length !== 3 || isWanted === isChannelsLast) return;
    steps.push({
      run: isWanted ? compileToChannelsLast(shape) : compileToChannelsFirst(shape),
      numParameters: 0,
    });
    isChannelsLast = isWanted;
  };
  for (const layer of poolBeforeRelu(layers)) {
    if (takesChannelsLast.has(layer.kind)) wantChannelsLast(true);
    if (layer.kind === 'flatten') wantChannelsLast(false);
    steps.push({ run: compileLayer(layer, shape), numParameters: layerParameters(layer).length });
    shape = layerOutputShape(layer, shape);
  }
  wantChannelsLast(areEndsChannelsLast);
  return steps;
}

function compileLayer(layer: Layer, input: Shape): RunLayer {
  switch (layer.kind) {
    case 'conv2d':
      return compileConv2d(layer, input);
    case 'dense':
      return compileDense(layer, input);
    case 'max_pool2d':
      return compileMaxPool2d(layer, input);
    case 'relu':
      return compileRelu(layer, input);
    case 'flatten':
      return compileFlatten(layer, input);
    case 'group_norm':
      return compileGroupNorm(layer, input);
    case 'global_avg_pool2d':
      return compileGlobalAvgPool2d(layer, input);
    case 'residual':
      return compileResidual(compileBranch)(layer, input);
    default:
      return layer satisfies never;
  }
}
