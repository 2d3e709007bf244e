import { expect } from 'chai';
import {
  areLinear,
  conv2d,
  costsOf,
  dense,
  flatten,
  globalAvgPool2d,
  groupNorm,
  maxPool2d,
  relu,
  residual,
  type Costs,
  type Layer,
} from '../../../src/models/layers.js';
import type { Shape } from '../../../src/core/shapes.js';

const costs = (forwardFlop: number, parameterFlop: number, inputFlop: number, numKept: number): Costs => ({
  forwardFlop,
  parameterFlop,
  inputFlop,
  numKept,
});

describe('costsOf one layer', () => {
  const cases: readonly [what: string, layer: Layer, input: Shape, want: Costs][] = [
    // 6x28x28 = 4,704 outputs of 1x5x5 = 25 products: 2 x 117,600 and a bias each; the bias's gradient is a sum of 4,704.
    ['conv2d', conv2d('conv', 1, 6, 5), [1, 32, 32], costs(239_904, 239_904, 235_200, 4704)],
    // (5 + 2 - 3) / 2 + 1 = 3: 2x3x3 = 18 outputs of 9 products.
    [
      'conv2d without bias',
      conv2d('conv', 1, 2, 3, { stride: 2, padding: 1, hasBias: false }),
      [1, 5, 5],
      costs(324, 324, 324, 18),
    ],
    // 120 outputs of 400 products: 2 x 48,000.
    ['dense', dense('fc', 400, 120), [400], costs(96_120, 96_120, 96_000, 120)],
    ['relu', relu('relu'), [2, 3, 3], costs(18, 0, 18, 18)],
    // 1x2x2 windows of 4; the fifth column and row are dropped.
    ['max_pool2d', maxPool2d('pool', 2), [1, 5, 5], costs(16, 0, 16, 4)],
    ['flatten', flatten('flatten'), [2, 3, 3], costs(0, 0, 0, 0)],
    ['global_avg_pool2d', globalAvgPool2d('pool'), [2, 3, 3], costs(18, 0, 18, 2)],
    ['group_norm', groupNorm('norm', 1, 2), [2, 3, 3], costs(7 * 18, 3 * 18, 5 * 18, 2 * 18)],
    // Body: 3 outputs of 3 products, 18 + 3 forward and to the parameters, 18 to the input; then sum, ReLU (3 each), ReLU back.
    ['residual', residual('block', [dense('fc', 3, 3)]), [3], costs(21 + 6, 21 + 3, 18 + 3, 3 + 3)],
  ];
  for (const [what, layer, input, want] of cases) {
    it(what, () => {
      expect(costsOf([layer], input)).to.deep.equal(want);
    });
  }
});

describe('costsOf a list', () => {
  it('carries the gradient back to the first layer that trains, and further only to the input', () => {
    const layers = [relu('relu1'), dense('fc1', 4, 3), relu('relu2'), dense('fc2', 3, 2)];
    // forward: 4 + (24 + 3) + 3 + (12 + 2); parameters: fc1 27, fc2 14, and through fc2 12 and relu2 3 to fc1.
    // input: through fc1 24 and relu1 4. kept: 4 + 3 + 3 + 2.
    expect(costsOf(layers, [4])).to.deep.equal(costs(48, 27 + 14 + 15, 28, 12));
  });

  it('of layers that do not train: all of it for the input alone', () => {
    expect(costsOf([relu('relu'), flatten('flatten')], [2, 2, 2])).to.deep.equal(costs(8, 0, 8, 8));
    expect(costsOf([], [2])).to.deep.equal(costs(0, 0, 0, 0));
  });

  it('of a block with a projection: both branches', () => {
    const [body, shortcut] = [[dense('fc1', 2, 3), dense('fc2', 3, 3)], [dense('shortcut', 2, 3)]];
    const [a, b] = [costsOf(body, [2]), costsOf(shortcut, [2])];
    // Two sums of three and two ReLUs of three; at the input two values meet.
    expect(costsOf([residual('block', body, shortcut)], [2])).to.deep.equal(
      costs(
        a.forwardFlop + b.forwardFlop + 6,
        a.parameterFlop + b.parameterFlop + 3,
        a.inputFlop + b.inputFlop + 2,
        a.numKept + b.numKept + 3,
      ),
    );
  });
});

describe('areLinear', () => {
  it('until the first ReLU, pooling by maxima, or block', () => {
    const linear = [
      conv2d('conv', 2, 2, 1),
      groupNorm('norm', 1, 2),
      globalAvgPool2d('pool'),
      dense('fc', 2, 2),
    ];
    expect(areLinear([])).to.equal(true);
    expect(areLinear([...linear, flatten('flatten')])).to.equal(true);
    for (const layer of [relu('relu'), maxPool2d('max', 2), residual('block', [])])
      expect(areLinear([linear[0], layer, linear[1]]), layer.kind).to.equal(false);
  });
});
