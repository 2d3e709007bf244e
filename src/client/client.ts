// Shape legend: B batch, C channels, H height, W width, F features at a cut, K classes
import { NumericError, ProtocolError } from '../core/errors.js';
import type { ClassificationReport } from '../core/evaluation.js';
import { readRequiredFile, writeFileAtomic } from '../core/files.js';
import type { Tensor } from '../core/shapes.js';
import type { Tally } from '../core/tally.js';
import { batchesOf, gatherLabels, gatherPictures } from '../data/batches.js';
import { countClasses } from '../data/dataset.js';
import type { Shard } from '../data/splits/data_split.js';
import type { Program, SegmentState } from '../engine/engine.js';
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
  type SendRequest,
  type StateFile,
  type StateReceipt,
  type TensorFrame,
  type TestBackMessage,
  type TestRequest,
  type VisitRequest,
  type WeightsFile,
} from '../link/messages.js';
import { packHead, receiptOf, unpackHead } from '../link/parcels.js';
import type { ThreadSetup } from '../link/setup.js';
import { readStateFile, writeStateFile } from '../link/state_file.js';
import { tally } from '../metrics/classification.js';
import type { Predictions } from '../metrics/predictions.js';
import { joinPredictions } from '../metrics/predictions.js';
import { reportOf } from '../metrics/report.js';
import { decodeWeights, encodeWeights } from '../models/weights.js';
import { averageWithOthers } from './averaging.js';
import { Head, layerGroups, statesOfGroups } from './head.js';

interface Batch {
  readonly x_BCHW: Tensor;
  readonly labels_B: Int32Array<ArrayBuffer>;
}

interface Visit {
  readonly generation: number;
  /** The batches that are still to come; gathered when asked for. */
  readonly batches: Iterator<Batch, void>;
  /** The next one, gathered while the server worked. */
  ahead: IteratorResult<Batch, void> | undefined;
  /** The batch that is under way, and its step; null when the visit is over. */
  batch: Batch;
  step: number | null;
}

/** How heads come and go. */
export type Mail = Pick<HeadExchange, 'send' | 'receive'>;

/** What a client shares with those of its thread. */
export interface ClientSurroundings {
  readonly setup: ThreadSetup;
  /** Of the segments that it has. */
  readonly programs: readonly Program[];
  readonly exchange: Mail;
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
  /** Answers of the test that is under way, where they stay here. */
  #answers: Predictions[] = [];

  constructor(client: number, shard: Shard, around: ClientSurroundings) {
    this.#client = client;
    this.#shard = shard;
    this.#around = around;
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
    const { programs } = this.#around;
    const groups = layerGroups(programs);
    const weights = await Promise.all(
      files.map(async ({ path, prefix }, group) => {
        const file = await readRequiredFile(path, "a safetensors file with a client's part of a model");
        return decodeWeights(groups[group], file, path, prefix);
      }),
    );
    this.#replaceHead(new Head(programs, statesOfGroups(programs, weights)));
  }

  async startVisit(request: VisitRequest): Promise<ActivationsMessage | null> {
    if (request.isOptimizerFresh) this.#requireHead().first.resetOptimizers();
    const batches = this.#batches(request);
    const first = batches.next();
    if (first.done) throw this.#refused(`a visit of ${request.numSteps} batches`);
    const { generation, step } = request;
    const visit: Visit = { generation, step, batches, ahead: undefined, batch: first.value };
    this.#visit = visit;
    return this.#setup.segments[0].hasLoss ? null : await this.#activations(visit, request.step);
  }

  async trainStep({ generation, step, dz, nextStep }: GradientsMessage): Promise<ActivationsMessage | null> {
    const visit = this.#dueVisit(generation, step);
    const { outputShape } = this.#setup.segments[0].part;
    const dz_BF = fromFrame(dz, [dz.shape[0], ...outputShape], 'The server', this.#itself);
    await this.#backUpdate;
    await this.#located('Head', step, this.#requireHead().first.backward(dz_BF));
    return this.#goOn(visit, nextStep) ? await this.#activations(visit, nextStep) : null;
  }

  async backStep({ generation, step, z }: BackMessage): Promise<BackGradientsMessage> {
    const { batch } = this.#dueVisit(generation, step);
    const { back } = this.#requireHead();
    const { logits_BK, dx_BI } = await this.#located(
      'Back',
      step,
      back.lossGradient(this.#fromServer(z, batch.labels_B.length), batch.labels_B),
    );
    const counted = this.#finite(tally(logits_BK.data, batch.labels_B), step);
    if (!dx_BI) throw new Error('The last layers were compiled without the gradient of their input.');
    // Once the reply is posted the server works, and this thread would wait.
    this.#backUpdate = new Promise((resolve) => setImmediate(resolve)).then(() =>
      this.#located('Back', step, back.update()),
    );
    // Awaited at the next message; until then a failure is nobody's.
    this.#backUpdate.catch(() => undefined);
    return { generation, step, dz: toFrame(dx_BI), tally: counted };
  }

  async trainAlone({ generation, step, nextStep }: AloneRequest): Promise<Tally> {
    const visit = this.#dueVisit(generation, step);
    const { first: whole } = this.#requireHead();
    const { x_BCHW, labels_B } = visit.batch;
    const { logits_BK } = await this.#located('Network', step, whole.lossGradient(x_BCHW, labels_B));
    const counted = this.#finite(tally(logits_BK.data, labels_B), step);
    await this.#located('Network', step, whole.update());
    this.#goOn(visit, nextStep);
    return counted;
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
    const kept = states.map((state, index) => ({ ...state, ...(own && { optimizers: own[index].optimizers }) }));
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
    const { x_BCHW, labels_B } = this.#testRows(request);
    const z_BF = await this.#requireHead().first.infer(x_BCHW);
    const labels = this.#keepsLabels ? null : labels_B.buffer;
    return { generation, step, z: toFrame(z_BF), labels };
  }

  async testBack({ z, ...request }: TestBackMessage): Promise<void> {
    const logits_BK = await this.#requireHead().back.infer(this.#fromServer(z, request.numRows));
    this.#keepAnswers(logits_BK, request);
  }

  async testAlone(request: TestRequest): Promise<void> {
    const { x_BCHW } = this.#testRows(request);
    this.#keepAnswers(await this.#requireHead().first.infer(x_BCHW), request);
  }

  testReport(): Promise<ClassificationReport> {
    const report = reportOf(joinPredictions(this.#answers, this.#setup.numClasses));
    this.#answers = [];
    return Promise.resolve(report);
  }

  async saveStates(request: {
    readonly path: string;
    readonly clients: readonly number[];
  }): Promise<StateReceipt> {
    const states = request.clients.flatMap((client) =>
      this.#around.neighbour(client).#exportStates().map((state, segment) => ({
        ...this.#stateName(client, segment),
        state,
      })),
    );
    return await writeStateFile(request.path, states);
  }

  async loadStates({ clients, ...file }: StateFile & { readonly clients: readonly number[] }): Promise<void> {
    const read = await readStateFile(file);
    for (const client of clients) {
      const states = this.#setup.segments.map((_, segment) => {
        const { prefix, spec } = this.#stateName(client, segment);
        return read(prefix, spec);
      });
      this.#around.neighbour(client).#replaceHead(new Head(this.#around.programs, states));
    }
  }

  async saveHead({ paths }: { readonly paths: readonly string[] }): Promise<void> {
    const groups = layerGroups(this.#around.programs);
    const weights = this.#requireHead().exportGroups();
    for (const [group, path] of paths.entries())
      await writeFileAtomic(path, encodeWeights(groups[group], weights[group]));
  }

  get #setup(): ThreadSetup {
    return this.#around.setup;
  }

  get #itself(): string {
    return `the head of client ${this.#client}`;
  }

  /** In the U shape labels never leave the client. */
  get #keepsLabels(): boolean {
    return this.#setup.segments.length > 1;
  }

  #stateName(client: number, segment: number): { prefix: string; spec: Program['spec'] } {
    return { prefix: `client.${client}.${segment}.`, spec: this.#setup.segments[segment] };
  }

  #exportStates(): readonly SegmentState[] {
    return this.#requireHead().exportStates();
  }

  #replaceHead(head: Head | undefined): void {
    this.#head?.dispose();
    this.#head = head;
  }

  #requireHead(): Head {
    if (!this.#head) throw this.#refused('work for the head');
    return this.#head;
  }

  *#batches(request: VisitRequest): Generator<Batch, void> {
    const { train, input } = this.#setup;
    for (const rows of batchesOf(this.#shard, this.#client, this.#setup, request))
      yield { x_BCHW: gatherPictures(train, rows, input), labels_B: gatherLabels(train, rows) };
  }

  #dueVisit(generation: number, step: number): Visit {
    const visit = this.#visit;
    if (visit?.generation !== generation || visit.step !== step) throw this.#refused(`work of step ${step}`);
    return visit;
  }

  /** Takes the next batch, whose step the server names; false where the visit is over, on both sides. */
  #goOn(visit: Visit, nextStep: number | null): nextStep is number {
    const next = visit.ahead ?? visit.batches.next();
    visit.ahead = undefined;
    if (next.done !== (nextStep === null))
      throw this.#refused(next.done ? `step ${nextStep} after its last batch` : 'the end of its visit');
    if (next.done) this.#visit = undefined;
    else visit.batch = next.value;
    visit.step = nextStep;
    return nextStep !== null;
  }

  async #activations(visit: Visit, step: number): Promise<ActivationsMessage> {
    const { x_BCHW, labels_B } = visit.batch;
    const z_BF = await this.#requireHead().first.forward(x_BCHW);
    // Once the reply is posted the server works, and this thread would wait: time to gather the next batch.
    setImmediate(() => (visit.ahead ??= visit.batches.next()));
    const labels = this.#keepsLabels ? null : labels_B.buffer;
    return { generation: visit.generation, step, z: toFrame(z_BF), labels };
  }

  #fromServer(z: TensorFrame, numRows: number): Tensor {
    const { inputShape } = this.#setup.segments[1].part;
    return fromFrame(z, [numRows, ...inputShape], 'The server', `the last layers of client ${this.#client}`);
  }

  #testRows({ set, firstRow, numRows }: TestRequest): Batch {
    const { test, forgettingRows, input } = this.#setup;
    const rows =
      set === 'forgetting'
        ? forgettingRows.subarray(firstRow, firstRow + numRows)
        : Uint32Array.from({ length: numRows }, (_, index) => firstRow + index);
    return { x_BCHW: gatherPictures(test, rows, input), labels_B: gatherLabels(test, rows) };
  }

  #keepAnswers({ data }: Tensor, request: TestRequest): void {
    if (request.firstRow === 0) this.#answers = [];
    const { labels_B: labels_N } = this.#testRows(request);
    this.#answers.push({ numClasses: this.#setup.numClasses, logits_NK: data, labels_N });
  }

  #finite(counted: Tally, step: number): Tally {
    if (Number.isFinite(counted.lossSum)) return counted;
    throw this.#withPlace('Loss', step, new NumericError('ERR_NOT_FINITE', 'The loss is not finite.'));
  }

  /** Work whose numeric errors say where they came from. */
  async #located<T>(part: string, step: number, work: Promise<T>): Promise<T> {
    return await work.catch((error: unknown) => {
      throw error instanceof NumericError ? this.#withPlace(part, step, error) : error;
    });
  }

  #withPlace(part: string, step: number, error: NumericError): NumericError {
    return new NumericError(
      error.code,
      `${part} of client ${this.#client}, step ${step}: ${error.message} Lower \`optimizer.${part === 'Back' ? 'tail' : 'head'}.lr\`.`,
      { client: this.#client, step },
      { cause: error },
    );
  }

  #refused(what: string): ProtocolError {
    return new ProtocolError('ERR_NOT_DUE', `Client ${this.#client} was sent ${what}, which is not due.`, {
      client: this.#client,
    });
  }
}
