// Shape legend: B batch, K classes
import type { ClassificationReport } from '../core/evaluation.js';
import type { Tensor } from '../core/shapes.js';
import { gatherLabels, gatherPictures } from '../data/batches.js';
import type { TestRequest } from '../link/messages.js';
import type { ThreadSetup } from '../link/setup.js';
import { joinPredictions, type Predictions } from '../metrics/predictions.js';
import { reportOf } from '../metrics/report.js';
import type { Batch } from './visit.js';

/** The test rows of a client, and the answers of a test that stay with it. */
export class Tests {
  readonly #setup: ThreadSetup;
  #answers: Predictions[] = [];

  constructor(setup: ThreadSetup) {
    this.#setup = setup;
  }

  rows(request: TestRequest): Batch {
    const { test, input } = this.#setup;
    const rows = this.#rowNumbers(request);
    return { x_BCHW: gatherPictures(test, rows, input), labels_B: gatherLabels(test, rows) };
  }

  keep({ data: logits_NK }: Tensor, request: TestRequest): void {
    if (request.firstRow === 0) this.#answers = [];
    const { numClasses, test } = this.#setup;
    const labels_N = gatherLabels(test, this.#rowNumbers(request));
    this.#answers.push({ numClasses, logits_NK, labels_N });
  }

  /** What the answers come to, which are forgotten. */
  report(): ClassificationReport {
    const report = reportOf(joinPredictions(this.#answers, this.#setup.numClasses));
    this.#answers = [];
    return report;
  }

  #rowNumbers({ set, firstRow, numRows }: TestRequest): Uint32Array {
    return set === 'forgetting'
      ? this.#setup.forgettingRows.subarray(firstRow, firstRow + numRows)
      : Uint32Array.from({ length: numRows }, (_, index) => firstRow + index);
  }
}
