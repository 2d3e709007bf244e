// Shape legend: B batch, F cut features
import { ShapeError, type ErrorDetails } from '../core/errors.js';
import type { ClassificationReport } from '../core/evaluation.js';
import { formatShape, numElements, sameShape, type Shape, type Tensor } from '../core/shapes.js';
import type { Tally } from '../core/tally.js';
import type { OptimizerMean } from '../engine/mean_state.js';

/** A tensor on its way: its buffer is moved, never copied. */
export interface TensorFrame {
  readonly shape: Shape;
  readonly dtype: 'float32';
  readonly data: ArrayBuffer;
}

/** Which message this is; a reply to another one is refused. */
export interface Position {
  /** Raised whenever a run goes back to an earlier point. */
  readonly generation: number;
  /** Batches trained before this one, over the whole run. */
  readonly step: number;
}

/** Up: one batch's activations z [B, F], and its labels (int32 [B]); in the U shape these stay. */
export interface ActivationsMessage extends Position {
  readonly z: TensorFrame;
  readonly labels: ArrayBuffer | null;
}

/** Down: the gradient of the batch's mean loss with respect to z [B, F]. */
export interface GradientsMessage extends Position {
  readonly dz: TensorFrame;
  /** Step of the client's next batch; null after the last of its visit. */
  readonly nextStep: number | null;
}

/** Down, in the U shape: what the server's layers give, z at `cut_back`. */
export interface BackMessage extends Position {
  readonly z: TensorFrame;
}

/** Up, in the U shape: the gradient at `cut_back`, and the batch's finished numbers. */
export interface BackGradientsMessage extends Position {
  readonly dz: TensorFrame;
  readonly tally: Tally;
}

/** A client that has the whole network trains a batch alone. */
export interface AloneRequest extends Position {
  readonly nextStep: number | null;
}

export interface VisitRequest extends Position {
  readonly round: number;
  /** First pass over the shard in this visit, and how many passes. */
  readonly firstPass: number;
  readonly numPasses: number;
  /** So many batches of these passes were trained before. */
  readonly firstBatch: number;
  /** The visit ends after this many batches, or with its passes. */
  readonly numSteps: number;
  /** Start with a fresh optimiser of the head (`handoff: weights`). */
  readonly isOptimizerFresh: boolean;
}

/** What moves with the head: its optimiser's state too, or its weights alone. */
export const handoffs = ['weights_and_optimizer', 'weights'] as const;
export type Handoff = (typeof handoffs)[number];

/**
 * What becomes of optimisers in a hand-over: all move; those of the first layers start fresh (`handoff: weights`); all start
 * fresh; or the receiver keeps its own.
 */
export type MovedOptimizers = 'moved' | 'fresh_head' | 'fresh' | 'own';

/** Both sides of a hand-over are told the same; a parcel that says otherwise is refused. */
export interface HandOverRequest extends Position {
  readonly round: number;
  readonly from: number;
  readonly to: number;
  readonly optimizers: MovedOptimizers;
}

export interface SendRequest extends HandOverRequest {
  /** The sender has the head no longer, or trains with it too. */
  readonly keepsCopy: boolean;
}

/** What a hand-over moved, as each side saw it. */
export interface HandOverReceipt {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** One client's part in the mean of heads, whose sum goes from client to client. */
export interface AverageRequest extends Position {
  readonly round: number;
  /** Whose sum it waits for; null for the first one. */
  readonly from: number | null;
  /** Who gets its sum; null for the last one, which takes the mean as its head. */
  readonly to: number | null;
  /** Of this client's head, and of all together. */
  readonly weight: number;
  readonly totalWeight: number;
  readonly optimizers: OptimizerMean;
}

/** What a client took and gave of a sum. */
export interface AverageReceipt {
  readonly taken: HandOverReceipt | null;
  readonly sent: HandOverReceipt | null;
}

/** All test rows, or the sample of them on which forgetting is measured. */
export type TestSet = 'test' | 'forgetting';

export interface TestRequest extends Position {
  readonly set: TestSet;
  readonly firstRow: number;
  readonly numRows: number;
}

/** Down, in a test in the U shape: the server's output for these rows. */
export interface TestBackMessage extends TestRequest {
  readonly z: TensorFrame;
}

/** A file with the weights of one layer group of a client. */
export interface WeightsFile {
  readonly path: string;
  /** What stands before each parameter's name there. */
  readonly prefix: string;
}

/** A file that holds states or weights of one side, as its writer tells of it. */
export interface StateReceipt {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface StateFile {
  readonly path: string;
  readonly sha256: string;
}

/** Whose states are written to a file, all of one place. */
export interface SaveRequest {
  readonly path: string;
  readonly clients: readonly number[];
}

export interface LoadRequest extends StateFile {
  readonly clients: readonly number[];
}

/** What every client does when it is asked. The server reaches it through a `Link`; a request's buffers become the client's. */
export interface ClientService {
  /** Training rows of each class; null where the client does not tell. */
  classCounts(request: Position): Promise<readonly number[] | null>;
  /** Makes the first head, from the run's seed. */
  createHead(request: Position): Promise<void>;
  /** Takes the head from safetensors files, one a layer group. */
  loadHead(request: { readonly files: readonly WeightsFile[] }): Promise<void>;
  /** Forward of the visit's first batch; null where the client trains alone. */
  startVisit(request: VisitRequest): Promise<ActivationsMessage | null>;
  /** Backward of this batch and forward of the next one; null when the visit is over. */
  trainStep(request: GradientsMessage): Promise<ActivationsMessage | null>;
  /** In the U shape: loss and gradients of the client's last layers, which are then trained. */
  backStep(request: BackMessage): Promise<BackGradientsMessage>;
  /** Trains the whole network on a batch. */
  trainAlone(request: AloneRequest): Promise<Tally>;
  /** Milliseconds that it has computed for training since it was asked last. */
  takeSpentMs(request: Position): Promise<number>;
  /** Sends the head to another client. */
  sendHead(request: SendRequest): Promise<HandOverReceipt>;
  /** Waits for the head, checks it, and takes it. */
  receiveHead(request: HandOverRequest): Promise<HandOverReceipt>;
  /** Adds its head to the sum that it waits for, and sends it on or takes the mean as its head. */
  averageHead(request: AverageRequest): Promise<AverageReceipt>;
  /** Forward of some test rows, changing nothing. */
  testActivations(request: TestRequest): Promise<ActivationsMessage>;
  /** In the U shape: the client's answers for some test rows, which it keeps. */
  testBack(request: TestBackMessage): Promise<void>;
  /** The whole network's answers for some test rows, which it keeps. */
  testAlone(request: TestRequest): Promise<void>;
  /** What the answers that it has kept come to. */
  testReport(request: Position): Promise<ClassificationReport>;
  /** Writes heads and optimisers of these clients, which live in one place, to a file there; the server gets its checksum. */
  saveStates(request: SaveRequest): Promise<StateReceipt>;
  /** These clients take heads and optimisers from such a file, which must have this checksum. */
  loadStates(request: LoadRequest): Promise<void>;
  /** Writes the head to safetensors files of its own, one a layer group. */
  saveHead(request: { readonly paths: readonly string[] }): Promise<readonly StateReceipt[]>;
}

/** Takes over the tensor's buffer. */
export function toFrame({ shape, data }: Tensor): TensorFrame {
  return { shape, dtype: 'float32', data: data.buffer };
}

/** The tensor in a frame that must have this shape; `sender` and `receiver` name the two sides in the error. */
export function fromFrame(
  frame: TensorFrame,
  want: Shape,
  sender: string,
  receiver: string,
  details: ErrorDetails = {},
): Tensor {
  // Whatever the other side sent.
  const sent: unknown = frame;
  const { shape, dtype, data } = (sent ?? {}) as Readonly<Record<keyof TensorFrame, unknown>>;
  const isThatShape = isShape(shape) && sameShape(shape, want);
  if (isThatShape && dtype === 'float32' && data instanceof ArrayBuffer) {
    if (data.byteLength === 4 * numElements(want)) return { shape: want, data: new Float32Array(data) };
  }
  const got = isShape(shape) ? formatShape(shape) : 'of no shape';
  const size = data instanceof ArrayBuffer ? `${data.byteLength} bytes` : 'no buffer';
  const type = dtype === 'float32' ? '' : ' that are not float32';
  throw new ShapeError(
    'ERR_CUT_SHAPE',
    `${sender} sent [${got}] in ${size}${type}, but ${receiver} expects float32 [${formatShape(want)}]. Head and tail must be ` +
      'built from the same `model` and `cut`.',
    { ...details, got, want: formatShape(want) },
  );
}

/** Few enough numbers to compare and to print, whatever an array can hold. */
function isShape(value: unknown): value is Shape {
  const isShort = Array.isArray(value) && value.length <= 8;
  return isShort && [...(value as unknown[])].every((size) => typeof size === 'number');
}
