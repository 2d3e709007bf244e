import type { DataShape } from '../core/shapes.js';
import { inputOf32 } from './input_of_32.js';
import {
  conv2d,
  dense,
  globalAvgPool2d,
  groupNorm,
  relu,
  residual,
  type Layer,
  type Residual,
} from './layers.js';
import type { Network } from './network.js';

/**
 * The residual network of 8 layers for 32x32 pictures (He et al., arXiv 1512.03385, section 4.2, with one block a stage);
 * 28x28 ones are padded. Norms are over groups of channels, not over the batch.
 */
export function resnet8({ picture, numClasses }: DataShape): Network {
  const [channels] = picture;
  return {
    model: 'resnet8',
    ...inputOf32('resnet8', picture),
    layers: resnet8Layers(channels, [16, 32, 64], 8, numClasses),
    defaultCut: 'layer2',
  };
}

/** The layers, with so many channels in each stage; `numGroups` divides them all. */
export function resnet8Layers(
  inChannels: number,
  [first, second, third]: readonly [number, number, number],
  numGroups: number,
  numClasses: number,
): readonly Layer[] {
  return [
    conv2d('conv1', inChannels, first, 3, { padding: 1, hasBias: false }),
    groupNorm('norm1', numGroups, first),
    relu('relu1'),
    basicBlock('layer1', first, first, numGroups, 1),
    basicBlock('layer2', first, second, numGroups, 2),
    basicBlock('layer3', second, third, numGroups, 2),
    globalAvgPool2d('pool'),
    dense('fc', third, numClasses),
  ];
}

function basicBlock(
  name: string,
  inChannels: number,
  outChannels: number,
  numGroups: number,
  stride: number,
): Residual {
  const body = [
    conv2d('conv1', inChannels, outChannels, 3, { stride, padding: 1, hasBias: false }),
    groupNorm('norm1', numGroups, outChannels),
    relu('relu1'),
    conv2d('conv2', outChannels, outChannels, 3, { padding: 1, hasBias: false }),
    groupNorm('norm2', numGroups, outChannels),
  ];
  const projection = [
    conv2d('shortcut.0', inChannels, outChannels, 1, { stride, hasBias: false }),
    groupNorm('shortcut.1', numGroups, outChannels),
  ];
  return residual(name, body, stride === 1 ? [] : projection);
}
