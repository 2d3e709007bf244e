import { expect } from 'chai';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import { openCluster } from '../../src/cli/cluster.js';
import type { TrainEvent } from '../../src/core/events.js';
import type { StateReceipt } from '../../src/link/messages.js';
import { numElements } from '../../src/core/shapes.js';
import { gatherPictures } from '../../src/data/batches.js';
import type { Rows } from '../../src/data/dataset.js';
import { parametersOf, type Layer } from '../../src/models/layers.js';
import { decodeWeights } from '../../src/models/weights.js';
import { train as trainAll } from '../../src/server/trainer.js';
import { watchPorts, type PortWatch } from '../support/cluster_port_watch.js';
import { firstDigits, planTraining, type Training } from '../support/cluster_training.js';

/** Something that must not be seen: a piece long enough not to be there by chance. */
interface Secret {
  readonly what: string;
  readonly bytes: Buffer;
}

const MIN_SECRET_BYTES = 16;

describe('the server', () => {
  let watch: PortWatch;
  let folder: string;
  beforeEach(async () => {
    watch = watchPorts();
    folder = await mkdtemp(join(tmpdir(), 'privacy-test-'));
  });
  afterEach(async () => {
    watch.stop();
    await rm(folder, { recursive: true });
  });

  const found = (secrets: readonly Secret[]) =>
    secrets
      .filter(({ bytes }) => watch.received.some((seen) => seen.includes(bytes)))
      .map(({ what }) => what);

  /** Trains on two threads; gives the events, and all heads that were: the first one, and one after each visit. */
  const train = async ({ options, parts }: Training) => {
    const cluster = await openCluster(options);
    try {
      watch.clear(); // the threads' coming up
      const { links, tails } = cluster;
      const events: TrainEvent[] = [];
      const heads: Float32Array<ArrayBuffer>[] = [];
      const saved: StateReceipt[] = [];
      const keepHead = async (client: number) => {
        const path = join(folder, `${heads.length}.safetensors`);
        saved.push(...(await links[client].saveHead({ paths: [path] })));
        heads.push(decodeWeights(options.split.head.layers, await readFile(path), path));
      };
      // As the trainer does again: the first head is of the seed.
      await links[0].createHead({ generation: 0, step: 0 });
      await keepHead(0);
      for await (const event of trainAll({ ...parts, links, tails })) {
        events.push(event);
        if (event.type === 'visit') await keepHead(event.client);
      }
      return { events, heads, saved };
    } finally {
      await cluster.close();
    }
  };

  for (const handoff of ['weights_and_optimizer', 'weights'] as const) {
    it(`sees no picture and no weight of a head, in training, tests and hand-overs: handoff ${handoff}`, async () => {
      const dataset = await firstDigits(40, 12);
      const training = planTraining({ dataset, numClients: 4, numThreads: 2, numEpochs: 2, handoff });
      const { events, heads } = await train(training);
      const { options, parts } = training;
      const countOf = (type: TrainEvent['type']) => events.filter((event) => event.type === type).length;
      expect([countOf('visit'), countOf('hand_over'), countOf('evaluation')]).to.deep.equal([8, 7, 5]);
      expect(heads).to.have.length(9);

      const input = { picture: [1, 28, 28], padding: options.network.padding, background: 0 };
      const secrets = [
        ...heads.flatMap((head, index) => headSecrets(options.split.head.layers, head, `head ${index}`)),
        ...(['train', 'test'] as const).flatMap((name) => pictureSecrets(dataset[name], input, name)),
      ];
      // 4 parameters of each head; 52 pictures, raw and normalised.
      expect(secrets).to.have.length(9 * 4 + 2 * 52);
      expect(found(secrets)).to.deep.equal([]);

      // What it sees: activations and labels of each batch and each test, as they are due, and nothing else.
      const zBytes = 4 * numElements(options.split.head.outputShape);
      const numSteps = parts.schedule.reduce((sum, turn) => sum + turn.numSteps, 0);
      const buffers = watch.received.filter(({ length }) => length > 100);
      expect(buffers).to.have.length(numSteps + countOf('evaluation'));
      for (const { length } of buffers) expect(length % zBytes).to.equal(0);
      const numRows = buffers.reduce((sum, { length }) => sum + length / zBytes, 0);
      expect(numRows).to.equal(2 * 40 + 5 * 12);
    });
  }

  it('learns of a hand-over a checksum and a size, once from each side', async () => {
    const training = planTraining({ dataset: await firstDigits(24, 4), numClients: 3, numThreads: 2 });
    const { events, saved } = await train(training);
    const handOvers = events.filter((event) => event.type === 'hand_over');
    expect(handOvers).to.have.length(2);
    const receipts = watch.messages.flatMap(objectsIn).filter((object) => 'sha256' in object);
    for (const receipt of receipts) expect(receipt).to.have.all.keys('sha256', 'sizeBytes');
    const seen = receipts.map(({ sha256 }) => sha256);
    const told = handOvers.flatMap(({ sha256 }) => [sha256, sha256]);
    // And of what a client writes to a file, the same.
    const written = saved.map(({ sha256 }) => sha256);
    expect(seen.toSorted()).to.deep.equal([...told, ...written].toSorted());
  });

  it('would be caught: the watch finds a picture and a head that are sent to it', async () => {
    const dataset = await firstDigits(4, 4);
    const { options } = planTraining({ dataset, numClients: 1 });
    const head = options.tailWeights.slice(0, 2572);
    const input = { picture: [1, 28, 28], padding: 2, background: 0 };
    const pictures = pictureSecrets(dataset.train, input, 'train');
    const weights = headSecrets(options.split.head.layers, head, 'head');
    const { port1, port2 } = new MessageChannel();
    const send = async (content: unknown) => {
      const came = once(port1, 'message');
      port2.postMessage({ some: [{ content }] });
      await came;
    };
    await send(gatherPictures(dataset.train, Uint32Array.of(1), input).data);
    await send(dataset.train.pictures);
    await send(head.buffer);
    port1.close();
    expect(found(pictures)).to.deep.equal([
      'train row 0',
      'train row 1',
      'train row 1, normalised',
      'train row 2',
      'train row 3',
    ]);
    expect(found(weights)).to.deep.equal(weights.map(({ what }) => what));
  });
});

/** The beginning of each parameter: all of the short ones. */
function headSecrets(layers: readonly Layer[], weights: Float32Array<ArrayBuffer>, name: string): Secret[] {
  let offset = 0;
  return parametersOf(layers).map(({ name: parameter, shape }) => {
    const bytes = Buffer.from(weights.buffer, 4 * offset, MIN_SECRET_BYTES);
    offset += numElements(shape);
    return { what: `${name} ${parameter}`, bytes };
  });
}

/** A piece of each picture with much ink in it, as a raw row and as the network is given it. */
function pictureSecrets(
  rows: Rows,
  input: { readonly picture: readonly number[]; readonly padding: number; readonly background: number },
  name: string,
): Secret[] {
  const side = 28;
  const width = side + 2 * input.padding;
  return Array.from({ length: rows.numRows }, (_, row) => row).flatMap((row) => {
    const picture = rows.pictures.subarray(row * side * side, (row + 1) * side * side);
    const ink = (line: number) =>
      picture.subarray(line * side, (line + 1) * side).filter((value) => value > 0).length;
    const line = Array.from({ length: side }, (_, index) => index).reduce((a, b) =>
      ink(b) > ink(a) ? b : a,
    );
    const raw = Buffer.from(picture.slice(line * side, (line + 1) * side));
    const { data } = gatherPictures(rows, Uint32Array.of(row), input);
    const begin = (line + input.padding) * width + input.padding;
    const normalised = Buffer.from(data.slice(begin, begin + side).buffer);
    return [
      { what: `${name} row ${row}`, bytes: raw },
      { what: `${name} row ${row}, normalised`, bytes: normalised },
    ];
  });
}

/** Every plain object inside a message, itself included. */
function objectsIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return [];
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(objectsIn)];
}
