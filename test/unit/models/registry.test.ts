import { expect } from 'chai';
import { ShapeError } from '../../../src/core/errors.js';
import type { Shape } from '../../../src/core/shapes.js';
import { numParameters, parametersOf } from '../../../src/models/layers.js';
import { DEFAULT_CUT, splitNetwork, unsplitNetwork } from '../../../src/models/network.js';
import { modelNames, models, type ModelName } from '../../../src/models/registry.js';
import { readFixture, readTensorShapes } from '../../support/fixtures.js';

type NamedShapes = readonly (readonly [name: string, shape: Shape])[];

/** Start weights of the same network in PyTorch, head before tail, cut at the model's default. */
const recorded = (file: string): NamedShapes =>
  [...readTensorShapes(file)].flatMap(([name, shape]) => {
    const parameter = /^init\.(?:head|tail)\.(.*)$/.exec(name)?.[1];
    return parameter === undefined ? [] : [[parameter, shape] as const];
  });
const listed = JSON.parse(readFixture('parameter_shapes.json').toString()) as Record<string, NamedShapes>;

const references: Record<ModelName, NamedShapes> = {
  lenet: recorded('lenet_mnist_sgd_2w.safetensors'),
  femnist_cnn: recorded('femnist_cnn_adam_2w_fresh.safetensors'),
  mlp: listed.mlp,
  resnet8: listed.resnet8,
};

describe('models', () => {
  for (const name of modelNames) {
    it(`${name}: parameters have PyTorch's names, order and shapes`, () => {
      const { layers } = models[name]({ picture: [1, 28, 28], numClasses: 10 });
      const named = parametersOf(layers).map(({ name: parameter, shape }) => [parameter, shape]);
      expect(named).to.deep.equal(references[name]);
    });

    it(`${name}: can be cut where it says`, () => {
      const network = models[name]({ picture: [1, 28, 28], numClasses: 10 });
      expect(splitNetwork(network, DEFAULT_CUT).cut).to.equal(network.defaultCut);
    });

    it(`${name}: gives one logit a class`, () => {
      for (const numClasses of [2, 10, 62])
        expect(unsplitNetwork(models[name]({ picture: [1, 28, 28], numClasses })).outputShape).to.deep.equal([
          numClasses,
        ]);
    });
  }

  const accepted: readonly [
    model: ModelName,
    picture: Shape,
    padding: number,
    input: Shape,
    numParameters: number,
  ][] = [
    ['lenet', [1, 28, 28], 2, [1, 32, 32], 61_706],
    ['lenet', [3, 32, 32], 0, [3, 32, 32], 62_006],
    ['femnist_cnn', [1, 28, 28], 0, [1, 28, 28], 51_466],
    ['femnist_cnn', [3, 32, 24], 0, [3, 32, 24], 53_962],
    ['mlp', [1, 28, 28], 2, [1, 32, 32], 247_210],
    ['mlp', [3, 32, 32], 0, [3, 32, 32], 656_810],
    ['resnet8', [1, 28, 28], 2, [1, 32, 32], 77_754],
    ['resnet8', [3, 32, 32], 0, [3, 32, 32], 78_042],
  ];
  for (const [model, picture, padding, inputShape, size] of accepted) {
    it(`${model} takes pictures of ${picture.join('x')}`, () => {
      const network = models[model]({ picture, numClasses: 10 });
      expect(network).to.deep.include({ model, padding, inputShape });
      expect(numParameters(unsplitNetwork(network).layers)).to.equal(size);
      expect(unsplitNetwork(network).outputShape).to.deep.equal([10]);
    });
  }

  const refused: readonly [model: ModelName, picture: Shape][] = [
    ['lenet', [1, 30, 30]],
    ['lenet', [1, 28, 32]],
    ['lenet', [3, 64, 64]],
    ['mlp', [1, 30, 30]],
    ['resnet8', [3, 64, 64]],
    ['femnist_cnn', [1, 30, 28]],
    ['femnist_cnn', [1, 28, 30]],
    ['femnist_cnn', [1, 0, 28]],
  ];
  for (const [model, picture] of refused) {
    it(`${model} refuses pictures of ${picture.join('x')}, saying what to change`, () => {
      expect(() => models[model]({ picture, numClasses: 10 }))
        .to.throw(ShapeError, new RegExp(`"${model}".*${picture.join('x')}.*\`model\` or \`dataset\``))
        .with.property('code', 'ERR_MODEL_DATA');
    });
  }
});
