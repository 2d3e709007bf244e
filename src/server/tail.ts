// Shape legend: B batch, F cut features, K classes
import { NumericError, ProtocolError, ShapeError } from '../core/errors.js';
import { freeBuffers } from '../core/free.js';
import type { Tensor } from '../core/shapes.js';
import type { Tally } from '../core/tally.js';
import type { Program, Segment, SegmentState } from '../engine/engine.js';
import {
  fromFrame,
  type ActivationsMessage,
  type BackGradientsMessage,
  type Position,
} from '../link/messages.js';
import { tally } from '../metrics/classification.js';
import type { Predictions } from '../metrics/predictions.js';

/** What the server learns of one batch, and sends back for it. */
export interface TailGradient {
  readonly tally: Tally;
  readonly dz_BF: Tensor;
}

/** The server's half of the network as clients train with it, wherever it lives. */
export interface TrainedTail {
  /** Loss and cut gradients of a batch; the weights change only with `update`. Throws where the loss is not finite. */
  lossGradient(message: ActivationsMessage, due: Position, client: number): Promise<TailGradient>;
  /** The optimiser step for the last `lossGradient`. */
  update(): Promise<void>;
  /** In the U shape: output for a batch [B, F'], keeping what `backward` needs. */
  forward(message: ActivationsMessage, due: Position, client: number): Promise<Tensor>;
  /** In the U shape: takes the gradient at `cut_back`, makes the optimiser step, and gives the gradient at `cut`. */
  backward(message: BackGradientsMessage, due: Position, client: number): Promise<Tensor>;
  /** Milliseconds that it has computed for training since somebody asked last. */
  takeSpentMs(): Promise<number>;
  /** A copy of weights and optimiser state. */
  exportState(): Promise<SegmentState>;
  /** Frees what it holds. */
  dispose(): void | Promise<void>;
}

/** The server's half of the network, behind checks of everything that comes up. */
export class Tail implements TrainedTail {
  readonly #program: Program;
  #segment: Segment;
  #spentMs = 0;
  /** Of the last `forward`. */
  #numRows = 0;
  /** Memory of the batch under way. */
  #underWay: readonly ArrayBuffer[] = [];

  constructor(program: Program, state: SegmentState) {
    this.#program = program;
    this.#segment = program.createSegment(state);
  }

  async lossGradient(message: ActivationsMessage, due: Position, client: number): Promise<TailGradient> {
    const { z_BF, labels_B } = this.#openLabelled(message, due, client);
    const { logits_BK, dx_BI } = await this.#timed(() => this.#segment.lossGradient(z_BF, labels_B)).catch(
      (error: unknown) => {
        throw error instanceof NumericError ? withRows(error, z_BF) : error;
      },
    );
    const result = tally(logits_BK.data, labels_B);
    this.#underWay = [z_BF.data.buffer, logits_BK.data.buffer];
    if (!Number.isFinite(result.lossSum) || !dx_BI)
      throw withRows(new NumericError('ERR_NOT_FINITE', 'The loss is not finite.'), z_BF);
    return { tally: result, dz_BF: dx_BI };
  }

  async update(): Promise<void> {
    await this.#timed(() => this.#segment.update());
    freeBuffers(this.#underWay);
    this.#underWay = [];
  }

  async forward(message: ActivationsMessage, due: Position, client: number): Promise<Tensor> {
    const { z_BF } = this.#open(message, due, client);
    if (!z_BF.data.every(Number.isFinite))
      throw withRows(new NumericError('ERR_NOT_FINITE', 'The activations are not finite.'), z_BF);
    this.#numRows = z_BF.shape[0];
    this.#underWay = [z_BF.data.buffer];
    return await this.#timed(() => this.#segment.forward(z_BF));
  }

  async backward(message: BackGradientsMessage, due: Position, client: number): Promise<Tensor> {
    checkDue(message, due, client);
    const numRows = this.#numRows;
    if (message.tally.rows !== numRows) {
      throw new ProtocolError(
        'ERR_TALLY',
        `Client ${client} told numbers of ${message.tally.rows} rows for step ${due.step}, but sent ${numRows}.`,
        { client, step: due.step },
      );
    }
    const want = [numRows, ...this.#program.spec.part.outputShape];
    const dy_BF = fromFrame(message.dz, want, `Client ${client}`, 'the tail', { client });
    const dz_BF = await this.#timed(() => this.#segment.backward(dy_BF));
    freeBuffers([...this.#underWay, dy_BF.data.buffer]);
    this.#underWay = [];
    if (!dz_BF) throw new Error('The tail was compiled without the gradient of its input.');
    return dz_BF;
  }

  /** In the U shape: output for test rows, changing nothing. */
  async infer(message: ActivationsMessage, due: Position, client: number): Promise<Tensor> {
    return await this.#segment.infer(this.#open(message, due, client).z_BF);
  }

  /** Answers for test rows, changing nothing. */
  async test(message: ActivationsMessage, due: Position, client: number): Promise<Predictions> {
    const { z_BF, labels_B } = this.#openLabelled(message, due, client);
    const logits_BK = await this.#segment.infer(z_BF);
    freeBuffers([z_BF.data.buffer]);
    return { numClasses: this.numClasses, logits_NK: logits_BK.data, labels_N: labels_B };
  }

  get numClasses(): number {
    return this.#program.spec.part.outputShape[0];
  }

  takeSpentMs(): Promise<number> {
    const spentMs = this.#spentMs;
    this.#spentMs = 0;
    return Promise.resolve(spentMs);
  }

  exportState(): Promise<SegmentState> {
    return Promise.resolve(this.#segment.exportState());
  }

  dispose(): void {
    this.#segment.dispose();
  }

  async #timed<T>(work: () => Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await work();
    } finally {
      this.#spentMs += performance.now() - startMs;
    }
  }

  #openLabelled(
    message: ActivationsMessage,
    due: Position,
    client: number,
  ): { z_BF: Tensor; labels_B: Int32Array<ArrayBuffer> } {
    const { z_BF } = this.#open(message, due, client);
    const labels: unknown = message.labels;
    if (!(labels instanceof ArrayBuffer) || labels.byteLength !== 4 * z_BF.shape[0]) {
      const what = labels instanceof ArrayBuffer ? `labels of ${labels.byteLength} bytes` : 'no labels';
      throw new ShapeError(
        'ERR_LABEL',
        `Client ${client} sent ${what} with ${z_BF.shape[0]} rows, but there should be an int32 of 4 bytes for each.`,
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
    return { z_BF, labels_B };
  }

  #open(message: ActivationsMessage, due: Position, client: number): { z_BF: Tensor } {
    checkDue(message, due, client);
    const { z } = message;
    // As many rows as there are, one or more; the rest of the shape is the cut's.
    const numRows = Array.isArray(z.shape) ? Math.max(1, Number(z.shape[0])) : 1;
    const want = [numRows, ...this.#program.spec.part.inputShape];
    return { z_BF: fromFrame(z, want, `Client ${client}`, 'the tail', { client }) };
  }
}

function checkDue({ generation, step }: Position, due: Position, client: number): void {
  if (generation === due.generation && step === due.step) return;
  throw new ProtocolError(
    'ERR_NOT_DUE',
    `Client ${client} sent step ${step} of generation ${generation}, but step ${due.step} of generation ` +
      `${due.generation} was due.`,
    { client, step },
  );
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
