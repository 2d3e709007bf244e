import { expect } from 'chai';
import { Tests } from '../../../src/client/tests.js';
import { gatherLabels, gatherPictures } from '../../../src/data/batches.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { TestSet } from '../../../src/link/messages.js';
import { reportOf } from '../../../src/metrics/report.js';
import { compilerOf } from '../../support/segments.js';
import { NUM_TEST_ROWS, openSmallTraining } from '../../support/small_training.js';
import { expectSameBits, randomTensor } from '../../support/tensors.js';

describe("a client's tests", () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  const open = async () => {
    const { setup } = await openSmallTraining(compile);
    return { setup, tests: new Tests(setup) };
  };
  const rows = (firstRow: number, numRows: number, set: TestSet = 'test') => ({
    generation: 0,
    step: 0,
    set,
    firstRow,
    numRows,
  });
  const logits = (numRows: number, seed: number) => randomTensor([numRows, 3], seed);
  /** What these logits of the first test rows come to. */
  const reportOn = (labels: Uint8Array, ...parts: readonly { readonly data: Float32Array }[]) => {
    const logits_NK = Float32Array.from(parts.flatMap(({ data }) => [...data]));
    const labels_N = Int32Array.from(labels.subarray(0, logits_NK.length / 3));
    return reportOf({ numClasses: 3, logits_NK, labels_N });
  };

  it('are on the rows that are asked for', async () => {
    const { setup, tests } = await open();
    const got = tests.rows(rows(1, 3));
    const numbers = Uint32Array.of(1, 2, 3);
    expectSameBits(got.x_BCHW.data, gatherPictures(setup.test, numbers, setup.input).data, 'the pictures');
    expect(got.labels_B).to.deep.equal(gatherLabels(setup.test, numbers));
    // The sample is rows 1 and 3.
    const sample = tests.rows(rows(1, 1, 'forgetting'));
    expect([...sample.labels_B]).to.deep.equal([setup.test.labels[3]]);
  });

  it('come to the report on all answers, however they came', async () => {
    const { setup, tests } = await open();
    const parts = [logits(2, 1), logits(NUM_TEST_ROWS - 2, 2)];
    tests.keep(parts[0], rows(0, 2));
    tests.keep(parts[1], rows(2, NUM_TEST_ROWS - 2));
    expect(tests.report()).to.deep.equal(reportOn(setup.test.labels, ...parts));
  });

  it('a new test forgets the answers of one that was cut off, and so does a report', async () => {
    const { setup, tests } = await open();
    const wanted = reportOn(setup.test.labels, logits(2, 3));
    tests.keep(logits(4, 1), rows(0, 4));
    tests.keep(logits(2, 3), rows(0, 2));
    expect(tests.report()).to.deep.equal(wanted);
    tests.keep(logits(2, 3), rows(0, 2));
    expect(tests.report()).to.deep.equal(wanted);
  });
});
