// Shape legend: B batch, F cut features
import { ShapeError } from '../core/errors.js';
import { formatShape, numElements, sameShape, type Shape, type Tensor } from '../core/shapes.js';

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

/** Up: one batch's activations z [B, F], and its labels (int32 [B]). */
export interface ActivationsMessage extends Position {
  readonly z: TensorFrame;
  readonly labels: ArrayBuffer;
}

/** Down: the gradient of the batch's mean loss with respect to z [B, F]. */
export interface GradientsMessage extends Position {
  readonly dz: TensorFrame;
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
  /** Start with a fresh head optimiser (`handoff: weights`). */
  readonly isOptimizerFresh: boolean;
}

/** What moves with the head: its optimiser's state too, or its weights alone. */
export const handoffs = ['weights_and_optimizer', 'weights'] as const;
export type Handoff = (typeof handoffs)[number];

/** Both sides of a hand-over are told the same; a parcel that says otherwise is refused. */
export interface HandOverRequest extends Position {
  readonly round: number;
  readonly from: number;
  readonly to: number;
  readonly handoff: Handoff;
}

/** What a hand-over moved, as each side saw it. */
export interface HandOverReceipt {
  readonly sha256: string;
  readonly sizeBytes: number;
}

/** All test rows, or the sample of them on which forgetting is measured. */
export type TestSet = 'test' | 'forgetting';

export interface TestRequest extends Position {
  readonly set: TestSet;
  readonly firstRow: number;
  readonly numRows: number;
}

/** A file with a head. */
export interface HeadFile {
  readonly path: string;
  /** What stands before each parameter's name there. */
  readonly prefix: string;
}

/** A file that holds the state of one side, as its writer tells of it. */
export interface StateReceipt {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface StateFile {
  readonly path: string;
  readonly sha256: string;
}

/** What every client does when it is asked. The server reaches it through a `Link`; a request's buffers become the client's. */
export interface ClientService {
  /** Training rows of each class; null where the client does not tell. */
  classCounts(request: Position): Promise<readonly number[] | null>;
  /** Makes the first head, from the run's seed. */
  createHead(request: Position): Promise<void>;
  /** Takes the head from a safetensors file. */
  loadHead(request: HeadFile): Promise<void>;
  /** Forward of the visit's first batch. */
  startVisit(request: VisitRequest): Promise<ActivationsMessage>;
  /** Backward of this batch and forward of the next one; null when the visit is over. */
  trainStep(request: GradientsMessage): Promise<ActivationsMessage | null>;
  /** Sends the head to another client; this one has it no longer. */
  sendHead(request: HandOverRequest): Promise<HandOverReceipt>;
  /** Waits for the head, checks it, and takes it. */
  receiveHead(request: HandOverRequest): Promise<HandOverReceipt>;
  /** Forward of some test rows, changing nothing. */
  testActivations(request: TestRequest): Promise<ActivationsMessage>;
  /** Writes head and optimiser to a file of its own, and the file's checksum to the server. */
  saveState(request: { readonly path: string }): Promise<StateReceipt>;
  /** Takes head and optimiser from such a file, which must have this checksum. */
  loadState(request: StateFile): Promise<void>;
  /** Writes the head to a safetensors file of its own. */
  saveHead(request: { readonly path: string }): Promise<void>;
}

/** Takes over the tensor's buffer. */
export function toFrame({ shape, data }: Tensor): TensorFrame {
  return { shape, dtype: 'float32', data: data.buffer };
}

/** The tensor in a frame that must have this shape; `sender` and `receiver` name the two sides in the error. */
export function fromFrame(frame: TensorFrame, want: Shape, sender: string, receiver: string): Tensor {
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
    { got, want: formatShape(want) },
  );
}

/** Few enough numbers to compare and to print, whatever an array can hold. */
function isShape(value: unknown): value is Shape {
  const isShort = Array.isArray(value) && value.length <= 8;
  return isShort && [...(value as unknown[])].every((size) => typeof size === 'number');
}
