// Shape legend: B batch, F cut features, K classes
import { NumericError, ProtocolError, ShapeError } from '../core/errors.js';
import type { Tensor } from '../core/shapes.js';
import type { Program, Segment, SegmentState } from '../engine/engine.js';
import {
  fromFrame,
  type ActivationsMessage,
  type Position,
  type StateFile,
  type StateReceipt,
} from '../link/messages.js';
import { readStateFile, writeStateFile } from '../link/state_file.js';
import { tally, type Tally } from '../metrics/classification.js';
import type { Predictions } from '../metrics/predictions.js';

/** What the server learns of one batch, and sends back for it. */
export interface TailGradient {
  readonly tally: Tally;
  readonly dz_BF: Tensor;
}

/** The server's half of the network, behind checks of everything that comes up. */
export class Tail {
  readonly #program: Program;
  #segment: Segment;

  constructor(program: Program, state: SegmentState) {
    this.#program = program;
    this.#segment = program.createSegment(state);
  }

  /** Loss and cut gradients of a batch; the weights change only with `update`. Throws where the loss is not finite. */
  async lossGradient(message: ActivationsMessage, due: Position, client: number): Promise<TailGradient> {
    const { z_BF, labels_B } = this.#open(message, due, client);
    const { logits_BK, dx_BI } = await this.#segment.lossGradient(z_BF, labels_B).catch((error: unknown) => {
      throw error instanceof NumericError ? withRows(error, z_BF) : error;
    });
    const result = tally(logits_BK.data, labels_B);
    if (!Number.isFinite(result.lossSum) || !dx_BI)
      throw withRows(new NumericError('ERR_NOT_FINITE', 'The loss is not finite.'), z_BF);
    return { tally: result, dz_BF: dx_BI };
  }

  /** The optimiser step for the last `lossGradient`. */
  async update(): Promise<void> {
    await this.#segment.update();
  }

  /** Answers for test rows, changing nothing. */
  async test(message: ActivationsMessage, due: Position, client: number): Promise<Predictions> {
    const { z_BF, labels_B } = this.#open(message, due, client);
    const logits_BK = await this.#segment.infer(z_BF);
    return { numClasses: this.numClasses, logits_NK: logits_BK.data, labels_N: labels_B };
  }

  get numClasses(): number {
    return this.#program.spec.part.outputShape[0];
  }

  /** Writes weights and optimiser to a file. */
  async saveState(path: string): Promise<StateReceipt> {
    return await writeStateFile(path, this.#program.spec, this.#segment.exportState());
  }

  /** Takes weights and optimiser from a file. */
  async loadState(file: StateFile): Promise<void> {
    const state = await readStateFile(file, this.#program.spec);
    this.#segment.dispose();
    this.#segment = this.#program.createSegment(state);
  }

  exportWeights(): Float32Array<ArrayBuffer> {
    return this.#segment.exportState().weights;
  }

  #open(
    message: ActivationsMessage,
    due: Position,
    client: number,
  ): { z_BF: Tensor; labels_B: Int32Array<ArrayBuffer> } {
    const { generation, step, z, labels } = message;
    if (generation !== due.generation || step !== due.step) {
      throw new ProtocolError(
        'ERR_NOT_DUE',
        `Client ${client} sent step ${step} of generation ${generation}, but step ${due.step} of generation ` +
          `${due.generation} was due.`,
        { client, step },
      );
    }
    const given: unknown = labels;
    if (!(given instanceof ArrayBuffer) || given.byteLength % 4 !== 0 || given.byteLength === 0) {
      const what = given instanceof ArrayBuffer ? `labels of ${given.byteLength} bytes` : 'no labels';
      throw new ShapeError(
        'ERR_LABEL',
        `Client ${client} sent ${what}, but they should be int32, 4 bytes each, one or more.`,
        { client },
      );
    }
    const labels_B = new Int32Array(labels);
    const { numClasses } = this;
    const wrong = labels_B.find((label) => label < 0 || label >= numClasses);
    if (wrong !== undefined) {
      throw new ShapeError(
        'ERR_LABEL',
        `Client ${client} sent label ${wrong}, but the tail knows classes 0 to ${numClasses - 1}. Check its data.`,
        { client, label: wrong },
      );
    }
    const want = [labels_B.length, ...this.#program.spec.part.inputShape];
    return { z_BF: fromFrame(z, want, `Client ${client}`, 'the tail'), labels_B };
  }
}

/** Says where the activations were the cause. */
function withRows(error: NumericError, { shape, data }: Tensor): NumericError {
  const numFeatures = data.length / shape[0];
  const isFinite = (row: number) =>
    data.subarray(row * numFeatures, (row + 1) * numFeatures).every(Number.isFinite);
  const rows = [...Array(shape[0]).keys()].filter((row) => !isFinite(row));
  if (rows.length === 0) return error;
  const which = `The activations of rows ${rows.join(', ')} (of ${shape[0]} in the batch) are not finite.`;
  return new NumericError(error.code, `${error.message} ${which}`, {}, { cause: error });
}
