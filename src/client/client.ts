// Shape legend: B batch, C channels, H height, W width, F cut features
import { NumericError, ProtocolError } from '../core/errors.js';
import { readRequiredFile, writeFileAtomic } from '../core/files.js';
import type { Tensor } from '../core/shapes.js';
import { batchesOf, gatherLabels, gatherPictures } from '../data/batches.js';
import { countClasses } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import { freshState, type Program, type Segment, type SegmentState } from '../engine/engine.js';
import { readStateFile, writeStateFile } from '../link/state_file.js';
import { packHead, receiptOf, unpackHead, type HeadExchange } from '../link/head_exchange.js';
import {
  fromFrame,
  toFrame,
  type ActivationsMessage,
  type ClientService,
  type GradientsMessage,
  type HandOverReceipt,
  type HandOverRequest,
  type HeadFile,
  type StateFile,
  type StateReceipt,
  type TestRequest,
  type VisitRequest,
} from '../link/messages.js';
import type { ThreadSetup } from '../link/setup.js';
import { initialWeights } from '../models/init.js';
import { numParameters } from '../models/layers.js';
import { decodeWeights, encodeWeights } from '../models/weights.js';

interface Batch {
  readonly x_BCHW: Tensor;
  readonly labels_B: Int32Array<ArrayBuffer>;
}

interface Visit extends VisitRequest {
  /** The batches that are still to come; gathered when asked for. */
  readonly batches: Iterator<Batch, void>;
  /** The next one, gathered while the server worked. */
  ahead: IteratorResult<Batch, void> | undefined;
  /** The batch whose gradients are due. */
  step: number;
}

/** How heads come and go. */
type Mail = Pick<HeadExchange, 'send' | 'receive'>;

/** One data holder: its shard, and the head while the ring is with it. */
export class Client implements ClientService {
  readonly #client: number;
  readonly #shard: Shard;
  readonly #setup: ThreadSetup;
  readonly #program: Program;
  readonly #exchange: Mail;
  #head: Segment | undefined;
  #visit: Visit | undefined;

  constructor(client: number, shard: Shard, setup: ThreadSetup, program: Program, exchange: Mail) {
    this.#client = client;
    this.#shard = shard;
    this.#setup = setup;
    this.#program = program;
    this.#exchange = exchange;
  }

  classCounts(): Promise<readonly number[] | null> {
    const { sharesClassCounts, numClasses, train } = this.#setup;
    if (!sharesClassCounts) return Promise.resolve(null);
    return Promise.resolve(countClasses(gatherLabels(train, this.#shard), numClasses));
  }

  createHead(): Promise<void> {
    this.#takeHead(initialWeights(this.#layers, this.#setup.seed));
    return Promise.resolve();
  }

  async loadHead({ path, prefix }: HeadFile): Promise<void> {
    const file = await readRequiredFile(path, 'a safetensors file with the head of a model');
    this.#takeHead(decodeWeights(this.#layers, file, path, prefix));
  }

  startVisit(request: VisitRequest): Promise<ActivationsMessage> {
    if (request.isOptimizerFresh) this.#requireHead().resetOptimizers();
    const visit: Visit = { ...request, batches: this.#batches(request), ahead: undefined };
    this.#visit = visit;
    const batch = visit.batches.next();
    if (batch.done) throw this.#refused(`a visit of ${request.numSteps} batches`);
    return this.#activations(visit, batch.value);
  }

  async trainStep({ generation, step, dz }: GradientsMessage): Promise<ActivationsMessage | null> {
    const visit = this.#visit;
    if (!visit || visit.generation !== generation || visit.step !== step)
      throw this.#refused(`gradients of step ${step}`);
    const want = [dz.shape[0], ...this.#program.spec.part.outputShape];
    const dz_BF = fromFrame(dz, want, 'The server', `the head of client ${this.#client}`);
    await this.#requireHead()
      .backward(dz_BF)
      .catch((error: unknown) => {
        throw error instanceof NumericError ? this.#located(error, step) : error;
      });
    visit.step++;
    const batch = visit.ahead ?? visit.batches.next();
    visit.ahead = undefined;
    if (!batch.done) return this.#activations(visit, batch.value);
    this.#visit = undefined;
    return null;
  }

  sendHead(request: HandOverRequest): Promise<HandOverReceipt> {
    const state = this.#requireHead().exportState();
    const parcel = packHead(request, request.handoff === 'weights' ? { ...state, optimizers: [] } : state);
    const receipt = receiptOf(parcel);
    this.#exchange.send(parcel);
    this.#replaceHead(undefined);
    return Promise.resolve(receipt);
  }

  async receiveHead(request: HandOverRequest): Promise<HandOverReceipt> {
    const parcel = await this.#exchange.receive(this.#client);
    this.#replaceHead(this.#program.createSegment(this.#fitting(unpackHead(parcel, request))));
    return receiptOf(parcel);
  }

  async testActivations({
    generation,
    step,
    set,
    firstRow,
    numRows,
  }: TestRequest): Promise<ActivationsMessage> {
    const { test, forgettingRows, input } = this.#setup;
    const rows =
      set === 'forgetting'
        ? forgettingRows.subarray(firstRow, firstRow + numRows)
        : Uint32Array.from({ length: numRows }, (_, index) => firstRow + index);
    const z_BF = await this.#requireHead().infer(gatherPictures(test, rows, input));
    return { generation, step, z: toFrame(z_BF), labels: gatherLabels(test, rows).buffer };
  }

  async saveState({ path }: { readonly path: string }): Promise<StateReceipt> {
    return await writeStateFile(path, this.#program.spec, this.#requireHead().exportState());
  }

  async loadState(file: StateFile): Promise<void> {
    this.#replaceHead(this.#program.createSegment(await readStateFile(file, this.#program.spec)));
  }

  async saveHead({ path }: { readonly path: string }): Promise<void> {
    const { weights } = this.#requireHead().exportState();
    await writeFileAtomic(path, encodeWeights(this.#layers, weights));
  }

  get #layers() {
    return this.#program.spec.part.layers;
  }

  #takeHead(weights: Float32Array<ArrayBuffer>): void {
    this.#replaceHead(this.#program.createSegment(freshState(this.#program.spec, weights)));
  }

  #replaceHead(head: Segment | undefined): void {
    this.#head?.dispose();
    this.#head = head;
  }

  #requireHead(): Segment {
    if (!this.#head) throw this.#refused('work for the head');
    return this.#head;
  }

  *#batches(request: VisitRequest): Generator<Batch, void> {
    const { train, input } = this.#setup;
    for (const rows of batchesOf(this.#shard, this.#client, this.#setup, request))
      yield { x_BCHW: gatherPictures(train, rows, input), labels_B: gatherLabels(train, rows) };
  }

  async #activations(visit: Visit, { x_BCHW, labels_B }: Batch): Promise<ActivationsMessage> {
    const z_BF = await this.#requireHead().forward(x_BCHW);
    // Once the reply is posted the server works, and this thread would wait: time to gather the next batch.
    setImmediate(() => (visit.ahead ??= visit.batches.next()));
    const { generation, step } = visit;
    return { generation, step, z: toFrame(z_BF), labels: labels_B.buffer };
  }

  /** A state without optimisers starts with fresh ones; one of another size is refused. */
  #fitting({ weights, optimizers }: SegmentState): SegmentState {
    const fresh = freshState(this.#program.spec, weights);
    const sizes = (state: SegmentState) =>
      state.optimizers.map(({ slots }) => slots.map(({ length }) => length));
    const isWhole =
      optimizers.length === 0 || String(sizes({ weights, optimizers })) === String(sizes(fresh));
    const numWeights = numParameters(this.#layers);
    if (!isWhole || weights.length !== numWeights)
      throw this.#refused(`a head of ${weights.length} parameters where ${numWeights} were expected`);
    return optimizers.length === 0 ? fresh : { weights, optimizers };
  }

  #refused(what: string): ProtocolError {
    return new ProtocolError('ERR_NOT_DUE', `Client ${this.#client} was sent ${what}, which is not due.`, {
      client: this.#client,
    });
  }

  #located(error: NumericError, step: number): NumericError {
    return new NumericError(
      error.code,
      `Head of client ${this.#client}, step ${step}: ${error.message} Lower \`optimizer.head.lr\`.`,
      { client: this.#client, step },
      { cause: error },
    );
  }
}
