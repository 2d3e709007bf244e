import { expect } from 'chai';
import type { BloomError } from '../../../src/core/errors.js';
import { NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import { batchesOf, gatherLabels, gatherPictures } from '../../../src/data/batches.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import type { ActivationsMessage } from '../../../src/link/messages.js';
import { initialWeights } from '../../../src/models/init.js';
import { Client } from '../../../src/client/client.js';
import { gradientsOf, headOf, last, visitOf } from '../../support/client_requests.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, smallSplit, type SmallTrainingOptions } from '../../support/small_training.js';
import { compilerOf, startSegment } from '../../support/segments.js';
import { expectSameBits } from '../../support/tensors.js';

const layers = smallSplit.head.layers;

describe('Client', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  /** Client 0 has the first head. */
  const open = async (options?: SmallTrainingOptions) => {
    const training = await openSmallTraining(compile, options);
    await training.clients[0].createHead();
    return training;
  };
  const floats = ({ z }: ActivationsMessage) => new Float32Array(z.data);

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

    let message: ActivationsMessage | null = await client.startVisit(visitOf());
    for (const [index, rows] of batches.entries()) {
      expect(message).to.deep.include({ generation: 3, step: 10 + index });
      expect(message!.z.shape).to.deep.equal([rows.length, 32]);
      const z = await reference.forward(gatherPictures(setup.train, rows, setup.input));
      expectSameBits(floats(message!), z.data, 'the activations');
      expect([...new Int32Array(message!.labels!)]).to.deep.equal([...gatherLabels(setup.train, rows)]);
      const { dz } = gradientsOf(10 + index, rows.length);
      await reference.backward({ shape: dz.shape, data: new Float32Array(dz.data.slice()) });
      const nextStep = index === 0 ? 11 : null;
      message = await client.trainStep(gradientsOf(10 + index, rows.length, { nextStep }));
    }
    expect(message).to.equal(null);
    expectSameBits(await headOf(client), reference.exportState().weights, 'the head');
  });

  it('a visit ends after numSteps, in the middle of a pass', async () => {
    const { clients } = await open({ shardSizes: [12] });
    await clients[0].startVisit(visitOf({ numSteps: 1 }));
    expect(await clients[0].trainStep(gradientsOf(10, 4, last))).to.equal(null);
    await rejection(clients[0].trainStep(gradientsOf(11, 4)), ProtocolError, 'ERR_NOT_DUE');
  });

  it('a fresh optimiser is one without momentum', async () => {
    const headWith = async (isOptimizerFresh: boolean) => {
      const { clients } = await open({ shardSizes: [4] });
      await clients[0].startVisit(visitOf({ numSteps: 1 }));
      await clients[0].trainStep(gradientsOf(10, 4, last));
      await clients[0].startVisit(visitOf({ numSteps: 1, step: 11, isOptimizerFresh }));
      await clients[0].trainStep(gradientsOf(11, 4, last));
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
      ['of another step', gradientsOf(11, 4), ProtocolError, 'ERR_NOT_DUE'],
      ['of another generation', gradientsOf(10, 4, { generation: 2 }), ProtocolError, 'ERR_NOT_DUE'],
      [
        'of another width',
        gradientsOf(10, 4, { dz: { shape: [4, 31], dtype: 'float32', data: new ArrayBuffer(496) } }),
        ShapeError,
        'ERR_CUT_SHAPE',
      ],
    ] as const;
    for (const [what, request, ErrorType, code] of wrong) {
      it(what, async () => {
        const { clients } = await open();
        await clients[0].startVisit(visitOf());
        const error = await rejection<BloomError>(clients[0].trainStep(request), ErrorType, code);
        expect(error.message).to.match(/client 0/i);
        expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head');
      });
    }

    it('that are not finite', async () => {
      const { clients } = await open();
      await clients[0].startVisit(visitOf());
      const request = gradientsOf(10, 4);
      new Float32Array(request.dz.data).fill(NaN);
      const error = await rejection(clients[0].trainStep(request), NumericError, 'ERR_NOT_FINITE');
      expect(error.message).to.match(/^Head of client 0, step 10: .* Lower `optimizer\.head\.lr`\.$/);
      expect(error.details).to.deep.equal({ client: 0, step: 10 });
      expectSameBits(await headOf(clients[0]), initialWeights(layers, 5), 'the head');
    });

    it('before any visit', async () => {
      const { clients } = await open();
      await rejection(clients[0].trainStep(gradientsOf(0, 4)), ProtocolError, 'ERR_NOT_DUE');
    });
  });
});
