import { expect } from 'chai';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { NumericError, ProtocolError, ShapeError } from '../../../src/core/errors.js';
import { batchesOf, gatherLabels, gatherPictures } from '../../../src/data/batches.js';
import { onnxruntimeEngine } from '../../../src/engine/onnxruntime/engine.js';
import { tally } from '../../../src/metrics/classification.js';
import { reportOf } from '../../../src/metrics/report.js';
import { initialWeights } from '../../../src/models/init.js';
import { decodeWeights } from '../../../src/models/weights.js';
import { gradientsOf, last, visitOf } from '../../support/client_requests.js';
import { foldersOf } from '../../support/folders.js';
import { rejection } from '../../support/link_errors.js';
import { openSmallTraining, smallSplit, type SmallTrainingOptions } from '../../support/small_training.js';
import { compilerOf, startSegment, trainOn } from '../../support/segments.js';
import { expectSameBits, randomTensor } from '../../support/tensors.js';

describe('a client that has more than the first layers', () => {
  const compile = compilerOf(() => Promise.resolve(onnxruntimeEngine));
  /** Client 0 has the first head. */
  const open = async (options?: SmallTrainingOptions) => {
    const training = await openSmallTraining(compile, options);
    await training.clients[0].createHead();
    return training;
  };
  const newFolder = foldersOf();

  describe('with the whole network', () => {
    it('trains batch by batch as the segment does, and sends no activations', async () => {
      const { clients, setup, program } = await open({ mode: 'local', shardSizes: [6] });
      const reference = startSegment(program, initialWeights(program.spec.part.layers, 5));
      const batches = [
        ...batchesOf(setup.clients[0].shard, 0, setup, {
          firstPass: 0,
          numPasses: 1,
          firstBatch: 0,
          numSteps: 2,
        }),
      ];
      expect(await clients[0].startVisit(visitOf())).to.equal(null);
      for (const [index, rows] of batches.entries()) {
        const labels_B = gatherLabels(setup.train, rows);
        const x_BCHW = gatherPictures(setup.train, rows, setup.input);
        const { logits_BK } = await trainOn(reference, x_BCHW, labels_B);
        const nextStep = index === 0 ? 11 : null;
        const counted = await clients[0].trainAlone({ generation: 3, step: 10 + index, nextStep });
        expect(counted).to.deep.equal(tally(logits_BK.data, labels_B));
      }
      await rejection(
        clients[0].trainAlone({ generation: 3, step: 12, nextStep: null }),
        ProtocolError,
        'ERR_NOT_DUE',
      );
      const folder = newFolder();
      const paths = ['head', 'tail'].map((name) => join(folder, name));
      await clients[0].saveHead({ paths });
      const [head, tail] = [smallSplit.head.layers, smallSplit.tail.layers];
      const saved = [
        decodeWeights(head, await readFile(paths[0]), 'head'),
        decodeWeights(tail, await readFile(paths[1]), 'tail'),
      ];
      const weights = Float32Array.from(saved.flatMap((part) => [...part]));
      expectSameBits(weights, reference.exportState().weights, 'the network');
    });
  });

  describe('in the U shape', () => {
    const openU = () => open({ mode: 'parallel', isUShaped: true, shardSizes: [4] });
    /** What the server gives for a batch: values of the cut to the last layers. */
    const fromServer = (change = {}) => ({
      generation: 3,
      step: 10,
      z: { shape: [4, 8], dtype: 'float32' as const, data: randomTensor([4, 8], 3).data.buffer },
      ...change,
    });

    it('keeps its labels, and gives the loss and gradient of its last layers', async () => {
      const { clients, setup, surroundings } = await openU();
      const message = await clients[0].startVisit(visitOf({ numSteps: 1 }));
      expect(message?.labels).to.equal(null);
      const [, backProgram] = surroundings.programs;
      const back = startSegment(backProgram, initialWeights(backProgram.spec.part.layers, 5));
      const passes = { firstPass: 0, numPasses: 1, firstBatch: 0, numSteps: 1 };
      const [rows] = batchesOf(setup.clients[0].shard, 0, setup, passes);
      const labels_B = gatherLabels(setup.train, rows);
      const { logits_BK, dx_BI } = await trainOn(back, randomTensor([4, 8], 3), labels_B);
      const answer = await clients[0].backStep(fromServer());
      expect(answer).to.deep.include({ generation: 3, step: 10, tally: tally(logits_BK.data, labels_B) });
      expectSameBits(new Float32Array(answer.dz.data), dx_BI!.data, 'the gradient');
      expect(await clients[0].trainStep(gradientsOf(10, 4, last))).to.equal(null);
      const folder = newFolder();
      const paths = ['head', 'back'].map((name) => join(folder, name));
      await clients[0].saveHead({ paths });
      const saved = decodeWeights(backProgram.spec.part.layers, await readFile(paths[1]), 'back');
      expectSameBits(saved, back.exportState().weights, 'the last layers');
    });

    it('refuses what is not due, of another shape, or not finite', async () => {
      const { clients } = await openU();
      await clients[0].startVisit(visitOf({ numSteps: 1 }));
      await rejection(clients[0].backStep(fromServer({ step: 11 })), ProtocolError, 'ERR_NOT_DUE');
      const z = { shape: [3, 8], dtype: 'float32' as const, data: new ArrayBuffer(96) };
      await rejection(clients[0].backStep(fromServer({ z })), ShapeError, 'ERR_CUT_SHAPE');
      const wild = fromServer();
      new Float32Array(wild.z.data).fill(NaN);
      const error = await rejection(clients[0].backStep(wild), NumericError, 'ERR_NOT_FINITE');
      expect(error.message).to.match(/of client 0, step 10: /);
    });

    it('keeps the answers of a test, and gives what they come to', async () => {
      const { clients, setup, surroundings } = await openU();
      const [, backProgram] = surroundings.programs;
      const back = startSegment(backProgram, initialWeights(backProgram.spec.part.layers, 5));
      const rows = { generation: 3, step: 0, set: 'test' as const, firstRow: 0, numRows: 4 };
      expect((await clients[0].testActivations(rows)).labels).to.equal(null);
      const { z } = fromServer();
      await clients[0].testBack({ ...rows, z });
      const { data: logits_NK } = await back.infer(randomTensor([4, 8], 3));
      const labels_N = Int32Array.from(setup.test.labels.subarray(0, 4));
      expect(await clients[0].testReport()).to.deep.equal(reportOf({ numClasses: 3, logits_NK, labels_N }));
    });
  });
});
