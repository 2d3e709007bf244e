import { expect } from 'chai';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataError, ProtocolError } from '../../../src/core/errors.js';
import { optimizerMeans } from '../../../src/engine/mean_state.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { HeadExchange } from '../../../src/link/head_exchange.js';
import type { MovedOptimizers, SendRequest } from '../../../src/link/messages.js';
import { packHead } from '../../../src/link/parcels.js';
import { initialWeights } from '../../../src/models/init.js';
import { encodeWeights } from '../../../src/models/weights.js';
import { Client } from '../../../src/client/client.js';
import { gradientsOf, headOf, last, visitOf } from '../../support/client_requests.js';
import { foldersOf } from '../../support/folders.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, smallSplit, type SmallTrainingOptions } from '../../support/small_training.js';
import { compilerOf } from '../../support/segments.js';
import { expectSameBits } from '../../support/tensors.js';

const layers = smallSplit.head.layers;
const NUM_PARAMETERS = 20;

describe("a client's head that comes and goes", () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  /** Client 0 has the first head. */
  const open = async (options?: SmallTrainingOptions) => {
    const training = await openSmallTraining(compile, options);
    await training.clients[0].createHead();
    return training;
  };
  const newFolder = foldersOf();

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
    await clients[0].startVisit(visitOf({ numSteps: 1 }));
    await clients[0].trainStep(gradientsOf(10, 4, last));
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
    await clients[1].startVisit(visitOf({ numSteps: 1 }));
    expect(await clients[1].trainStep(gradientsOf(10, 4, last))).to.equal(null);
  });

  it('a hand-over of a copy leaves the head with the sender too', async () => {
    const { clients } = await open();
    const copied = { ...handOver, keepsCopy: true };
    await Promise.all([clients[0].sendHead(copied), clients[1].receiveHead(copied)]);
    expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head of the sender');
    expectSameBits(await headOf(clients[1]), initialWeights(layers, 5), 'the head of the receiver');
  });

  it('a receiver that keeps its own optimiser goes on with it', async () => {
    /** Client 1 trains a batch, gets a head from client 0, and trains another one. */
    const headAfter = async (optimizers: MovedOptimizers) => {
      const { clients } = await open({ shardSizes: [4, 4] });
      await clients[1].createHead();
      await clients[1].startVisit(visitOf({ numSteps: 1 }));
      await clients[1].trainStep(gradientsOf(10, 4, last));
      const request = { ...handOver, optimizers };
      await Promise.all([clients[0].sendHead(request), clients[1].receiveHead(request)]);
      expectSameBits(await headOf(clients[1]), initialWeights(layers, 5), 'the head');
      await clients[1].startVisit(visitOf({ numSteps: 1 }));
      await clients[1].trainStep(gradientsOf(10, 4, last));
      return [...(await headOf(clients[1]))];
    };
    const [own, fresh, moved] = [await headAfter('own'), await headAfter('fresh'), await headAfter('moved')];
    // The optimiser that moved has not made a step.
    expect(moved).to.deep.equal(fresh);
    expect(own).not.to.deep.equal(fresh);
  });

  it('after an average the last one has the mean, and the others a head only where they keep their optimisers', async () => {
    for (const optimizers of optimizerMeans) {
      const { clients } = await open({ shardSizes: [4, 12] });
      const zeros = join(newFolder(), 'zeros');
      await writeFile(zeros, encodeWeights(layers, new Float32Array(NUM_PARAMETERS)));
      await clients[1].loadHead({ files: [{ path: zeros, prefix: '' }] });
      const request = { generation: 3, step: 10, round: 0, totalWeight: 16, optimizers };
      await Promise.all([
        clients[0].averageHead({ ...request, from: null, to: 1, weight: 4 }),
        clients[1].averageHead({ ...request, from: 0, to: null, weight: 12 }),
      ]);
      // (4 w + 12 x 0) / 16
      const quarter = initialWeights(layers, 5).map((weight) => weight / 4);
      expectSameBits(await headOf(clients[1]), quarter, optimizers);
      if (optimizers === 'keep')
        expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'its own');
      else await rejection(headOf(clients[0]), ProtocolError, 'ERR_NOT_DUE');
    }
  });

  it('saves and loads the heads of those that live with it in one file', async () => {
    const { clients } = await open();
    await clients[2].createHead();
    await clients[2].startVisit(visitOf({ numSteps: 1 }));
    await clients[2].trainStep(gradientsOf(10, 4, last));
    const trained = await headOf(clients[2]);
    const path = join(newFolder(), 'heads');
    const { sha256 } = await clients[0].saveStates({ path, clients: [0, 2] });
    const other = await openSmallTraining(compile);
    await other.clients[1].loadStates({ path, sha256, clients: [0, 2] });
    expectSameBits(await headOf(other.clients[0]), initialWeights(layers, 5), 'the head of client 0');
    expectSameBits(await headOf(other.clients[2]), trained, 'the head of client 2');
    await rejection(headOf(other.clients[1]), ProtocolError, 'ERR_NOT_DUE');
    await rejection(clients[0].saveStates({ path, clients: [0, 1] }), ProtocolError, 'ERR_NOT_DUE');
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
    const path = join(newFolder(), 'other.safetensors');
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
    const missing = { files: [{ path: join(newFolder(), 'none'), prefix: '' }] };
    await rejection(clients[2].loadHead(missing), DataError, 'ERR_READ');
    expectSameBits(await headOf(clients[2]), weights, 'the head');
  });
});
