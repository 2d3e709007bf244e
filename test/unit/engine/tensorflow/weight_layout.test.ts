import { expect } from 'chai';
import {
  engineShape,
  toCanonicalLayout,
  toEngineLayout,
} from '../../../../src/engine/tensorflow/weight_layout.js';
import { conv2d, dense, parametersOf } from '../../../../src/models/layers.js';

describe('the layout of weights in tensorflow', () => {
  it('has the kernels of a convolution as [row, column, channel in, channel out], and the rest as it is', () => {
    // 2 channels out, 3 in, kernels of 2x2: canonical index ((o * 3 + c) * 2 + i) * 2 + j
    const parameters = parametersOf([conv2d('conv', 3, 2, 2), dense('fc', 2, 1)]);
    expect(parameters.map(engineShape)).to.deep.equal([[2, 2, 3, 2], [2], [1, 2], [1]]);
    const canonical = Float32Array.from({ length: 24 + 2 + 2 + 1 }, (_, index) => index);
    const ours = toEngineLayout(parameters, canonical);
    const at = (i: number, j: number, c: number, o: number) => ours[((i * 2 + j) * 3 + c) * 2 + o];
    expect(at(0, 0, 0, 0)).to.equal(0);
    expect(at(0, 1, 0, 0)).to.equal(1);
    expect(at(1, 0, 2, 1)).to.equal((1 * 3 + 2) * 4 + 2);
    expect(at(1, 1, 2, 1)).to.equal(23);
    expect([...ours.subarray(24)]).to.deep.equal([24, 25, 26, 27, 28]);
    expect(toCanonicalLayout(parameters, ours)).to.deep.equal(canonical);
    expect(canonical[1], 'the given vector stays').to.equal(1);
  });
});
