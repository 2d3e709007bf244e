// Shape legend: B batch, C channels, H height, W width, F features at a cut, K classes
import { NumericError } from '../core/errors.js';
import type { ClassificationReport } from '../core/evaluation.js';
import { freeBuffers } from '../core/free.js';
import type { Tensor } from '../core/shapes.js';
import type { Tally } from '../core/tally.js';
import { gatherLabels } from '../data/batches.js';
import { countClasses } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import type { Program } from '../engine/engine.js';
import type { HeadExchange } from '../link/head_exchange.js';
import {
  fromFrame,
  toFrame,
  type ActivationsMessage,
  type AloneRequest,
  type AverageReceipt,
  type AverageRequest,
  type BackGradientsMessage,
  type BackMessage,
  type ClientService,
  type GradientsMessage,
  type HandOverReceipt,
  type HandOverRequest,
  type LoadRequest,
  type Position,
  type SaveRequest,
  type SendRequest,
  type StateReceipt,
  type TensorFrame,
  type TestBackMessage,
  type TestRequest,
  type VisitRequest,
  type WeightsFile,
} from '../link/messages.js';
import { packHead, receiptOf, unpackHead } from '../link/parcels.js';
import type { ThreadSetup } from '../link/setup.js';
import { tally } from '../metrics/classification.js';
import { averageWithOthers } from './averaging.js';
import type { ComputeQueue } from './compute_queue.js';
import { Head } from './head.js';
import { readHeads, readWeights, writeHeads, writeWeights } from './head_files.js';
import { Tests } from './tests.js';
import { trainingBatches } from './training_batches.js';
import { notDue, Visit } from './visit.js';

/** What of a client an error is of, and what to lower. */
const remedies = {
  Head: '`optimizer.head.lr`',
  Back: '`optimizer.tail.lr`',
  Network: '`optimizer.head.lr` or `optimizer.tail.lr`',
  Loss: '`optimizer.head.lr` or `optimizer.tail.lr`',
} as const;
type Part = keyof typeof remedies;

/** How heads come and go. */
export type Mail = Pick<HeadExchange, 'send' | 'receive'>;

/** What a client shares with those of its thread. */
export interface ClientSurroundings {
  readonly setup: ThreadSetup;
  /** Of the segments that it has. */
  readonly programs: readonly Program[];
  readonly exchange: Mail;
  /** In which the thread's clients compute. */
  readonly queue: ComputeQueue;
  /** To be called when the work of a client begins: where the thread ends or hangs then, it is to blame. */
  readonly serving: (client: number) => void;
  /** Another client of the thread, for the files that they write together. */
  readonly neighbour: (client: number) => Client;
}

/** One data holder: its shard, and the head while it has one. */
export class Client implements ClientService {
  readonly #client: number;
  readonly #shard: Shard;
  readonly #around: ClientSurroundings;
  #head: Head | undefined;
  #visit: Visit | undefined;
  /** The optimiser step of the last layers, made while the server works on. */
  #backUpdate: Promise<void> = Promise.resolve();
  readonly #tests: Tests;
  /** Computed for training since somebody asked last. */
  #spentMs = 0;

  constructor(client: number, shard: Shard, around: ClientSurroundings) {
    this.#client = client;
    this.#shard = shard;
    this.#around = around;
    this.#tests = new Tests(around.setup);
  }

  classCounts(): Promise<readonly number[] | null> {
    const { sharesClassCounts, numClasses, train } = this.#setup;
    if (!sharesClassCounts) return Promise.resolve(null);
    return Promise.resolve(countClasses(gatherLabels(train, this.#shard), numClasses));
  }

  createHead(): Promise<void> {
    this.#replaceHead(Head.initial(this.#around.programs, this.#setup.seed));
    return Promise.resolve();
  }

  async loadHead({ files }: { readonly files: readonly WeightsFile[] }): Promise<void> {
    this.#replaceHead(await readWeights(this.#around.programs, files));
  }

  async startVisit(request: VisitRequest): Promise<ActivationsMessage | null> {
    if (request.isOptimizerFresh) this.#requireHead().first.resetOptimizers();
    const visit = new Visit(
      this.#client,
      request,
      trainingBatches(this.#client, this.#shard, this.#setup, request),
    );
    this.#visit = visit;
    return this.#setup.segments[0].hasLoss ? null : await this.#activations(visit, request);
  }

  async trainStep(request: GradientsMessage): Promise<ActivationsMessage | null> {
    const { generation, step, dz, nextStep } = request;
    const visit = this.#requireVisit();
    const { x_BCHW } = visit.due(request);
    const { outputShape } = this.#setup.segments[0].part;
    const want = [x_BCHW.shape[0], ...outputShape];
    const dz_BF = fromFrame(dz, want, 'The server', `the head of client ${this.#client}`);
    await this.#backUpdate;
    const { first } = this.#requireHead();
    await this.#compute('Head', step, () => first.backward(dz_BF));
    freeBuffers([dz_BF.data.buffer]);
    visit.goOn(nextStep);
    return nextStep === null ? null : await this.#activations(visit, { generation, step: nextStep });
  }

  async backStep(request: BackMessage): Promise<BackGradientsMessage> {
    const { generation, step, z } = request;
    const { labels_B } = this.#requireVisit().due(request);
    const { back } = this.#requireHead();
    const z_BF = this.#fromServer(z, labels_B.length);
    const { logits_BK, dx_BI } = await this.#compute('Back', step, () => back.lossGradient(z_BF, labels_B));
    const counted = this.#finite(tally(logits_BK.data, labels_B), step);
    if (!dx_BI) throw new Error('The last layers were compiled without the gradient of their input.');
    // Once the reply is posted the server works, and this thread would wait.
    this.#backUpdate = new Promise((resolve) => setImmediate(resolve)).then(() =>
      this.#compute('Back', step, () => back.update()).then(() => {
        freeBuffers([z_BF.data.buffer, logits_BK.data.buffer]);
      }),
    );
    // Awaited at the next message; until then a failure is nobody's.
    this.#backUpdate.catch(() => undefined);
    return { generation, step, dz: toFrame(dx_BI), tally: counted };
  }

  async trainAlone(request: AloneRequest): Promise<Tally> {
    const { step, nextStep } = request;
    const visit = this.#requireVisit();
    const { x_BCHW, labels_B } = visit.due(request);
    const { first: whole } = this.#requireHead();
    const { logits_BK } = await this.#compute('Network', step, () => whole.lossGradient(x_BCHW, labels_B));
    const counted = this.#finite(tally(logits_BK.data, labels_B), step);
    await this.#compute('Network', step, () => whole.update());
    freeBuffers([logits_BK.data.buffer]);
    visit.goOn(nextStep);
    return counted;
  }

  takeSpentMs(): Promise<number> {
    const spentMs = this.#spentMs;
    this.#spentMs = 0;
    return Promise.resolve(spentMs);
  }

  sendHead({ keepsCopy, ...request }: SendRequest): Promise<HandOverReceipt> {
    const parcel = packHead(request, this.#requireHead().exportStates());
    const receipt = receiptOf(parcel);
    this.#around.exchange.send(parcel);
    if (!keepsCopy) this.#replaceHead(undefined);
    return Promise.resolve(receipt);
  }

  async receiveHead(request: HandOverRequest): Promise<HandOverReceipt> {
    const parcel = await this.#around.exchange.receive(this.#client);
    const states = unpackHead(parcel, request);
    const own = request.optimizers === 'own' ? this.#head?.exportStates() : undefined;
    const kept = states.map((state, index) => ({
      ...state,
      ...(own && { optimizers: own[index].optimizers }),
    }));
    this.#replaceHead(new Head(this.#around.programs, kept));
    return receiptOf(parcel);
  }

  async averageHead(request: AverageRequest): Promise<AverageReceipt> {
    const head = this.#requireHead();
    const { receipt, mean } = await averageWithOthers(this.#client, head, request, this.#around.exchange);
    if (mean) this.#replaceHead(new Head(this.#around.programs, mean));
    else if (request.optimizers !== 'keep') this.#replaceHead(undefined);
    return receipt;
  }

  async testActivations(request: TestRequest): Promise<ActivationsMessage> {
    const { generation, step } = request;
    const { x_BCHW, labels_B } = this.#tests.rows(request);
    const z_BF = await this.#requireHead().first.infer(x_BCHW);
    return { generation, step, z: toFrame(z_BF), labels: this.#labelsToSend(labels_B) };
  }

  async testBack({ z, ...request }: TestBackMessage): Promise<void> {
    const z_BF = this.#fromServer(z, request.numRows);
    this.#tests.keep(await this.#requireHead().back.infer(z_BF), request);
  }

  async testAlone(request: TestRequest): Promise<void> {
    const { x_BCHW } = this.#tests.rows(request);
    this.#tests.keep(await this.#requireHead().first.infer(x_BCHW), request);
  }

  testReport(): Promise<ClassificationReport> {
    return Promise.resolve(this.#tests.report());
  }

  async saveStates({ path, clients }: SaveRequest): Promise<StateReceipt> {
    const heads = clients.map((client) => [client, this.#around.neighbour(client).#requireHead()] as const);
    return await writeHeads(path, this.#around.programs, new Map(heads));
  }

  async loadStates({ clients, ...file }: LoadRequest): Promise<void> {
    const heads = await readHeads(file, this.#around.programs, clients);
    for (const [client, head] of heads) this.#around.neighbour(client).#replaceHead(head);
  }

  async saveHead({ paths }: { readonly paths: readonly string[] }): Promise<readonly StateReceipt[]> {
    return await writeWeights(this.#around.programs, this.#requireHead(), paths);
  }

  get #setup(): ThreadSetup {
    return this.#around.setup;
  }

  /** In the U shape labels never leave the client. */
  #labelsToSend(labels_B: Int32Array<ArrayBuffer>): ArrayBuffer | null {
    return this.#setup.segments.length > 1 ? null : labels_B.buffer;
  }

  #replaceHead(head: Head | undefined): void {
    this.#head?.dispose();
    this.#head = head;
  }

  #requireHead(): Head {
    if (!this.#head) throw notDue(this.#client, 'work for the head');
    return this.#head;
  }

  #requireVisit(): Visit {
    if (!this.#visit) throw notDue(this.#client, 'a batch outside a visit');
    return this.#visit;
  }

  async #activations(visit: Visit, position: Position): Promise<ActivationsMessage> {
    const { x_BCHW, labels_B } = visit.due(position);
    const { first } = this.#requireHead();
    const z_BF = await this.#compute('Head', position.step, () => first.forward(x_BCHW));
    // Once the reply is posted the server works, and this thread would wait: time to gather the next batch.
    setImmediate(() => {
      visit.gatherAhead();
    });
    const { generation, step } = position;
    return { generation, step, z: toFrame(z_BF), labels: this.#labelsToSend(labels_B) };
  }

  #fromServer(z: TensorFrame, numRows: number): Tensor {
    const { inputShape } = this.#setup.segments[1].part;
    return fromFrame(z, [numRows, ...inputShape], 'The server', `the last layers of client ${this.#client}`);
  }

  #finite(counted: Tally, step: number): Tally {
    if (Number.isFinite(counted.lossSum)) return counted;
    throw this.#withPlace('Loss', step, new NumericError('ERR_NOT_FINITE', 'The loss is not finite.'));
  }

  /** Work for training: its time is counted, and a numeric error of it says where it came from. */
  async #compute<T>(part: Part, step: number, work: () => Promise<T>): Promise<T> {
    const took = (ms: number) => {
      this.#spentMs += ms;
    };
    const begun = () => {
      this.#around.serving(this.#client);
      return work();
    };
    return await this.#around.queue.run(begun, took).catch((error: unknown) => {
      throw error instanceof NumericError ? this.#withPlace(part, step, error) : error;
    });
  }

  #withPlace(part: Part, step: number, error: NumericError): NumericError {
    return new NumericError(
      error.code,
      `${part} of client ${this.#client}, step ${step}: ${error.message} Lower ${remedies[part]}.`,
      { client: this.#client, step },
      { cause: error },
    );
  }
}
