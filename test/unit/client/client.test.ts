import { expect } from 'chai';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BloomError } from '../../../src/core/errors.js';
import { DataError, NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import { batchesOf, gatherLabels, gatherPictures } from '../../../src/data/batches.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import type { ActivationsMessage, SendRequest, VisitRequest } from '../../../src/link/messages.js';
import { packHead } from '../../../src/link/parcels.js';
import { initialWeights } from '../../../src/models/init.js';
import { decodeWeights, encodeWeights } from '../../../src/models/weights.js';
import { Client } from '../../../src/client/client.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, smallSplit, type SmallTrainingOptions } from '../../support/small_training.js';
import { compilerOf, startSegment } from '../../support/segments.js';
import { expectSameBits, randomTensor } from '../../support/tensors.js';

const layers = smallSplit.head.layers;
const NUM_PARAMETERS = 20;

describe('Client', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  /** Client 0 has the first head. */
  const open = async (options?: SmallTrainingOptions) => {
    const training = await openSmallTraining(compile, options);
    await training.clients[0].createHead();
    return training;
  };
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'client-test-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const visit = (change: Partial<VisitRequest> = {}): VisitRequest => ({
    generation: 3,
    step: 10,
    round: 0,
    firstPass: 0,
    numPasses: 1,
    firstBatch: 0,
    numSteps: 2,
    isOptimizerFresh: false,
    ...change,
  });
  const gradients = (step: number, rows: number, change = {}) => ({
    generation: 3,
    step,
    dz: { shape: [rows, 32], dtype: 'float32' as const, data: randomTensor([rows, 32], step).data.buffer },
    nextStep: step + 1,
    ...change,
  });
  const headOf = async (client: Client) => {
    const path = join(folder, 'head.safetensors');
    await client.saveHead({ paths: [path] });
    return decodeWeights(layers, await readFile(path), path);
  };
  const floats = ({ z }: ActivationsMessage) => new Float32Array(z.data);
  const last = { nextStep: null };

  it('starts from the weights of the seed', async () => {
    const { clients } = await open();
    expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head');
  });

  it('sends the activations and labels of its own batches, trained one by one', async () => {
    const { clients, setup, program } = await open({ shardSizes: [4, 6] });
    const client = clients[1];
    await client.createHead();
    const reference = startSegment(program, initialWeights(layers, 5));
    const shard = setup.clients[1].shard;
    const batches = [
      ...batchesOf(shard, 1, setup, { firstPass: 0, numPasses: 1, firstBatch: 0, numSteps: 2 }),
    ];
    expect(batches.map(({ length }) => length)).to.deep.equal([4, 2]);

    let message: ActivationsMessage | null = await client.startVisit(visit());
    for (const [index, rows] of batches.entries()) {
      expect(message).to.deep.include({ generation: 3, step: 10 + index });
      expect(message!.z.shape).to.deep.equal([rows.length, 32]);
      const z = await reference.forward(gatherPictures(setup.train, rows, setup.input));
      expectSameBits(floats(message!), z.data, 'the activations');
      expect([...new Int32Array(message!.labels!)]).to.deep.equal([...gatherLabels(setup.train, rows)]);
      const { dz } = gradients(10 + index, rows.length);
      await reference.backward({ shape: dz.shape, data: new Float32Array(dz.data.slice()) });
      const nextStep = index === 0 ? 11 : null;
      message = await client.trainStep(gradients(10 + index, rows.length, { nextStep }));
    }
    expect(message).to.equal(null);
    expectSameBits(await headOf(client), reference.exportState().weights, 'the head');
  });

  it('a visit ends after numSteps, in the middle of a pass', async () => {
    const { clients } = await open({ shardSizes: [12] });
    await clients[0].startVisit(visit({ numSteps: 1 }));
    expect(await clients[0].trainStep(gradients(10, 4, last))).to.equal(null);
    await rejection(clients[0].trainStep(gradients(11, 4)), ProtocolError, 'ERR_NOT_DUE');
  });

  it('a fresh optimiser is one without momentum', async () => {
    const headWith = async (isOptimizerFresh: boolean) => {
      const { clients } = await open({ shardSizes: [4] });
      await clients[0].startVisit(visit({ numSteps: 1 }));
      await clients[0].trainStep(gradients(10, 4, last));
      await clients[0].startVisit(visit({ numSteps: 1, step: 11, isOptimizerFresh }));
      await clients[0].trainStep(gradients(11, 4, last));
      return await headOf(clients[0]);
    };
    const heads = [await headWith(true), await headWith(false)];
    expect([...heads[0]]).not.to.deep.equal([...heads[1]]);
  });

  it('tests the sample of rows on which forgetting is measured', async () => {
    const { clients, setup } = await open();
    const request = { generation: 1, step: 2, set: 'forgetting' as const, firstRow: 1, numRows: 1 };
    const { z, labels } = await clients[0].testActivations(request);
    // The sample is rows 1 and 3.
    expect([...new Int32Array(labels!)]).to.deep.equal([setup.test.labels[3]]);
    const all = await clients[0].testActivations({ ...request, set: 'test', firstRow: 3 });
    expectSameBits(new Float32Array(z.data), floats(all), 'the activations');
  });

  it('tells how many rows of each class it has, unless it must not', async () => {
    const { clients, setup, surroundings } = await open({ shardSizes: [4, 6] });
    const [, { shard }] = setup.clients;
    const expected = [0, 0, 0];
    for (const row of shard) expected[setup.train.labels[row]]++;
    expect(await clients[1].classCounts()).to.deep.equal(expected);
    const silent = { ...setup, sharesClassCounts: false };
    expect(await new Client(1, shard, { ...surroundings, setup: silent }).classCounts()).to.equal(null);
  });

  it('tests rows without a change', async () => {
    const { clients, setup, program } = await open();
    const before = await headOf(clients[0]);
    const message = await clients[0].testActivations({
      generation: 1,
      step: 2,
      set: 'test' as const,
      firstRow: 2,
      numRows: 3,
    });
    const rows = Uint32Array.of(2, 3, 4);
    const z = await startSegment(program, initialWeights(layers, 5)).infer(
      gatherPictures(setup.test, rows, setup.input),
    );
    expect(message).to.deep.include({ generation: 1, step: 2 });
    expectSameBits(floats(message), z.data, 'the activations');
    expect([...new Int32Array(message.labels!)]).to.deep.equal([...gatherLabels(setup.test, rows)]);
    expectSameBits(await headOf(clients[0]), before, 'the head');
  });

  describe('refuses gradients that are not due, and its head stays', () => {
    const wrong = [
      ['of another step', gradients(11, 4), ProtocolError, 'ERR_NOT_DUE'],
      ['of another generation', gradients(10, 4, { generation: 2 }), ProtocolError, 'ERR_NOT_DUE'],
      [
        'of another width',
        gradients(10, 4, { dz: { shape: [4, 31], dtype: 'float32', data: new ArrayBuffer(496) } }),
        ShapeError,
        'ERR_CUT_SHAPE',
      ],
    ] as const;
    for (const [what, request, ErrorType, code] of wrong) {
      it(what, async () => {
        const { clients } = await open();
        await clients[0].startVisit(visit());
        const error = await rejection<BloomError>(clients[0].trainStep(request), ErrorType, code);
        expect(error.message).to.match(/client 0/i);
        expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head');
      });
    }

    it('that are not finite', async () => {
      const { clients } = await open();
      await clients[0].startVisit(visit());
      const request = gradients(10, 4);
      new Float32Array(request.dz.data).fill(NaN);
      const error = await rejection(clients[0].trainStep(request), NumericError, 'ERR_NOT_FINITE');
      expect(error.message).to.match(/^Head of client 0, step 10: .* Lower `optimizer\.head\.lr`\.$/);
      expect(error.details).to.deep.equal({ client: 0, step: 10 });
      expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head');
    });

    it('before any visit', async () => {
      const { clients } = await open();
      await rejection(clients[0].trainStep(gradients(0, 4)), ProtocolError, 'ERR_NOT_DUE');
    });
  });

  const handOver: SendRequest = {
    generation: 3,
    step: 10,
    round: 1,
    from: 0,
    to: 1,
    optimizers: 'moved',
    keepsCopy: false,
  };

  it('after a hand-over the head is with the receiver only, with its optimiser', async () => {
    const { clients } = await open();
    await clients[0].startVisit(visit({ numSteps: 1 }));
    await clients[0].trainStep(gradients(10, 4, last));
    const trained = await headOf(clients[0]);
    const [sent, taken] = await Promise.all([
      clients[0].sendHead(handOver),
      clients[1].receiveHead(handOver),
    ]);
    expect(taken).to.deep.equal(sent);
    expect(sent.sizeBytes).to.equal(2 * 4 * NUM_PARAMETERS);
    expectSameBits(await headOf(clients[1]), trained, 'the head');
    expect([...trained]).not.to.deep.equal([...initialWeights(layers, 5)]);
    const test = { generation: 3, step: 10, set: 'test' as const, firstRow: 0, numRows: 1 };
    const error = await rejection(clients[0].testActivations(test), ProtocolError, 'ERR_NOT_DUE');
    expect(error.details).to.deep.equal({ client: 0 });
  });

  it('handoff weights moves no optimiser, and its receiver starts with a fresh one', async () => {
    const { clients } = await open();
    const weightsOnly = { ...handOver, optimizers: 'fresh_head' } as const;
    const [sent] = await Promise.all([clients[0].sendHead(weightsOnly), clients[1].receiveHead(weightsOnly)]);
    expect(sent.sizeBytes).to.equal(4 * NUM_PARAMETERS);
    expectSameBits(await headOf(clients[1]), initialWeights(layers, 5), 'the head');
    await clients[1].startVisit(visit({ numSteps: 1 }));
    expect(await clients[1].trainStep(gradients(10, 4, last))).to.equal(null);
  });

  describe('refuses a head', () => {
    /** Client 1, with a parcel for it on the way. */
    const receiving = async (weights: number, optimizers: readonly number[][], step = 10) => {
      const { surroundings } = await open();
      const exchange = new HeadExchange(0, () => 0, new Map());
      const client = new Client(1, Uint32Array.of(0), { ...surroundings, exchange });
      const slots = (sizes: readonly number[]) => sizes.map((size) => new Float32Array(size));
      const state = {
        weights: new Float32Array(weights),
        optimizers: optimizers.map((sizes) => ({ step: 1, slots: slots(sizes) })),
      };
      exchange.send(packHead({ ...handOver, step }, [state]));
      return client;
    };

    it('of another step, and has none afterwards', async () => {
      const client = await receiving(NUM_PARAMETERS, [[NUM_PARAMETERS]], 9);
      const error = await rejection(client.receiveHead(handOver), ProtocolError, 'ERR_HAND_OVER');
      expect(error.message).to.include('its step is 9 instead of 10');
      await rejection(headOf(client), ProtocolError, 'ERR_NOT_DUE');
    });

    const sizes: readonly (readonly [string, number, number[][]])[] = [
      ['with too few weights', NUM_PARAMETERS - 1, [[NUM_PARAMETERS - 1]]],
      ['with too few weights and no optimiser', NUM_PARAMETERS - 1, []],
      ['with an optimiser of two slots where one is due', NUM_PARAMETERS, [[NUM_PARAMETERS, NUM_PARAMETERS]]],
      ['with a slot of another size', NUM_PARAMETERS, [[NUM_PARAMETERS - 1]]],
      ['with two optimisers where one is due', NUM_PARAMETERS, [[NUM_PARAMETERS], [NUM_PARAMETERS]]],
    ];
    for (const [what, weights, optimizers] of sizes) {
      it(what, async () => {
        const client = await receiving(weights, optimizers);
        await rejection(client.receiveHead(handOver), ProtocolError, 'ERR_HAND_OVER');
        await rejection(headOf(client), ProtocolError, 'ERR_NOT_DUE');
      });
    }
  });

  it('loads a head from a file, with names after a prefix, and refuses another file', async () => {
    const { clients } = await open();
    const path = join(folder, 'other.safetensors');
    const weights = initialWeights(layers, 77);
    await writeFile(path, encodeWeights(layers, weights));
    await clients[2].loadHead({ files: [{ path, prefix: '' }] });
    expectSameBits(await headOf(clients[2]), weights, 'the head');
    const error = await rejection(
      clients[2].loadHead({ files: [{ path, prefix: 'head.' }] }),
      DataError,
      'ERR_WEIGHTS',
    );
    expect(error.message).to.include('"head.conv.weight"');
    const missing = { files: [{ path: join(folder, 'none'), prefix: '' }] };
    await rejection(clients[2].loadHead(missing), DataError, 'ERR_READ');
    expectSameBits(await headOf(clients[2]), weights, 'the head');
  });
});
