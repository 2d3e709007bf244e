import { expect } from 'chai';
import { misfit, type Shape } from '../../../../src/report/plots/shape.js';

const shape: Shape = {
  parts: {
    name: 'string',
    scores: { listOf: { nullOr: 'number' } },
    seconds: { recordOf: 'number' },
    values: { listOf: 'scalar' },
  },
};
const good = { name: 'a', scores: [1, null], seconds: { training: 2 }, values: [1, 'a', false], more: true };

describe('misfit', () => {
  it('is null for what fits, whatever else is there', () => {
    expect(misfit(good, shape)).to.equal(null);
    expect(misfit({ ...good, scores: [], seconds: {} }, shape)).to.equal(null);
  });

  for (const [what, value, problem] of [
    ['no object', [good], 'it is not an object'],
    ['null', null, 'it is not an object'],
    ['a missing part', { ...good, name: undefined }, '"name" is not a string'],
    ['a wrong part', { ...good, name: 3 }, '"name" is not a string'],
    ['no list', { ...good, scores: { 0: 1 } }, '"scores" is not a list'],
    ['a wrong entry', { ...good, scores: [1, '2'] }, '"scores[1]" is not a number'],
    ['a list for a record', { ...good, seconds: [1] }, '"seconds" is not an object'],
    ['a list for a scalar', { ...good, values: [[1]] }, '"values[0]" is not a number, text, true or false'],
    ['a wrong value in a record', { ...good, seconds: { test: null } }, '"seconds.test" is not a number'],
  ] as const) {
    it(`says where: ${what}`, () => {
      expect(misfit(value, shape)).to.equal(problem);
    });
  }
});
