import { expect } from 'chai';
import { dense, relu } from '../../../src/models/layers.js';
import { framesOf, rowBytes, type FramePlan } from '../../../src/planner/frames.js';
import { possibleParts } from '../../../src/planner/placed_parts.js';
import { predictTraffic, type TrafficOptions } from '../../../src/planner/predict_traffic.js';
import { bytesOf, FRAME_HEADER_BYTES, totalAmounts } from '../../../src/planner/traffic.js';

const network = {
  model: 'tiny',
  padding: 0,
  inputShape: [4],
  layers: [dense('fc1', 4, 3), relu('relu1'), dense('fc2', 3, 2)],
  defaultCut: 'relu1',
};
const slots = { head: 1, tail: 2 };
const [plainParts] = possibleParts(network, false);
const [uShapedParts] = possibleParts(network, true);

/** z of 3 floats, a head of 15 parameters. */
const frames = framesOf(plainParts, slots, true);
const run: TrafficOptions = {
  shardSizes: [5, 3],
  batchSize: 2,
  numEpochs: 2,
  localEpochs: 1,
  maxSteps: 0,
  skippedVisits: [],
  frames,
  numTestRows: 600,
  forgetting: { when: 'off', numRows: 10 },
};
const predict = (change: Partial<TrafficOptions>) => predictTraffic('sequential', { ...run, ...change });
const none = { frames: 0, bytes: 0 };

describe('framesOf', () => {
  it('label sharing: z and labels up in one frame, the gradient of z down', () => {
    expect(frames).to.deep.equal({
      batch: [
        { flow: 'activations_up', rowBytes: 12, isFrame: true },
        { flow: 'labels_up', rowBytes: 4, isFrame: false },
        { flow: 'gradients_down', rowBytes: 12, isFrame: true },
      ],
      test: [{ flow: 'evaluation_up', rowBytes: 16, isFrame: true }],
      roundTripsPerBatch: 1,
      // 15 weights and one slot of 15
      handOverBytes: 120,
    } satisfies FramePlan);
    expect([rowBytes(frames, 'up'), rowBytes(frames, 'down')]).to.deep.equal([16, 12]);
  });

  it('hands over the weights alone where the optimiser stays', () => {
    expect(framesOf(plainParts, slots, false).handOverBytes).to.equal(60);
  });

  it('U-shaped: four frames without labels; the back moves with its two slots, whatever moves of the head', () => {
    const uShaped = framesOf(uShapedParts, slots, false);
    expect(uShaped.batch.map(({ flow, rowBytes: bytes }) => [flow, bytes])).to.deep.equal([
      ['activations_up', 12],
      ['activations_down', 12],
      ['gradients_up', 12],
      ['gradients_down', 12],
    ]);
    // fc2 has 3 x 2 + 2 = 8 parameters.
    expect(uShaped.handOverBytes).to.equal(60 + 4 * 8 * 3);
    expect(uShaped.roundTripsPerBatch).to.equal(2);
  });
});

describe('predictTraffic of the ring', () => {
  it('two clients, two rounds, partial last batches: by hand', () => {
    const [first, second] = predict({});
    // Client 0: batches of 2, 2, 1 twice: 6 frames, 10 rows. It sends the head after each of its visits, and tests once, in
    // messages of 250, 250 and 100 rows. Round trips: 2 visits of 1 + 3, 2 hand-overs, 3 messages.
    expect(first.amounts).to.deep.equal({
      activations_up: { frames: 6, bytes: 120 },
      labels_up: { frames: 0, bytes: 40 },
      activations_down: none,
      gradients_up: none,
      gradients_down: { frames: 6, bytes: 120 },
      evaluation_up: { frames: 3, bytes: 600 * 16 },
      evaluation_down: none,
      hand_over: { frames: 2, bytes: 240 },
    });
    expect(first.roundTrips).to.equal(8 + 2 + 3);
    // Client 1: batches of 2, 1 twice. It hands over once (the last visit is its own), and tests at the end of both rounds.
    expect(second.amounts).to.deep.include({
      activations_up: { frames: 4, bytes: 72 },
      labels_up: { frames: 0, bytes: 24 },
      gradients_down: { frames: 4, bytes: 72 },
      evaluation_up: { frames: 6, bytes: 1200 * 16 },
      hand_over: { frames: 1, bytes: 120 },
    });
    expect(second.roundTrips).to.equal(2 * (1 + 2) + 1 + 6);
  });

  it('all passes in one visit: as many batches, one hand-over, a test a client', () => {
    const total = totalAmounts(predict({ localEpochs: 2 }));
    expect(total).to.deep.include({
      activations_up: { frames: 10, bytes: 192 },
      hand_over: { frames: 1, bytes: 120 },
      evaluation_up: { frames: 6, bytes: 1200 * 16 },
    });
  });

  it('ends after so many batches: a partial one only where the pass ends', () => {
    // Client 0: 2, 2, 1 rows; client 1: 2 rows of its 3, then the end.
    const [first, second] = predict({ maxSteps: 4 });
    expect(first.amounts.activations_up).to.deep.equal({ frames: 3, bytes: 5 * 12 });
    expect(second.amounts.activations_up).to.deep.equal({ frames: 1, bytes: 2 * 12 });
    // Both visits are the last ones of their clients.
    expect(first.amounts.evaluation_up.frames + second.amounts.evaluation_up.frames).to.equal(6);
  });

  it('leaves out visits: the head stays where it is', () => {
    const [first, second] = predict({ skippedVisits: ['1@0'] });
    // 0, then 0 and 1 in the second round: one hand-over. Client 0 tests at the end of round 0 and of its last visit.
    expect(first.amounts.hand_over.frames).to.equal(1);
    expect(first.amounts.evaluation_up.frames).to.equal(6);
    expect(second.amounts.activations_up.frames).to.equal(2);
    expect(second.amounts.evaluation_up.frames).to.equal(3);
  });

  it('adds the tests for the forgetting matrix, after every visit or round', () => {
    const rowsTested = (when: 'every_visit' | 'every_round') => {
      const { bytes } = totalAmounts(predict({ forgetting: { when, numRows: 10 } })).evaluation_up;
      return bytes / 16 - 3 * 600;
    };
    expect([rowsTested('every_visit'), rowsTested('every_round')]).to.deep.equal([40, 20]);
  });

  it('one client hands nothing over', () => {
    expect(totalAmounts(predict({ shardSizes: [5] })).hand_over).to.deep.equal(none);
  });

  it('U-shaped: activations both ways, gradients both ways, no labels', () => {
    const total = totalAmounts(predict({ frames: framesOf(uShapedParts, slots, true) }));
    const amount = { frames: 10, bytes: 16 * 12 };
    expect(total).to.deep.include({
      activations_up: amount,
      activations_down: amount,
      gradients_up: amount,
      gradients_down: amount,
      labels_up: none,
    });
  });
});

describe('bytesOf', () => {
  it('has a header a frame', () => {
    expect(bytesOf({ frames: 3, bytes: 100 })).to.equal(100 + 3 * FRAME_HEADER_BYTES);
  });
});
