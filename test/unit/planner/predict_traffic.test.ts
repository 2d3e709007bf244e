import { expect } from 'chai';
import { dense, relu } from '../../../src/models/layers.js';
import { framesOf, noFrames, rowBytes, type HeadSharing } from '../../../src/planner/frames.js';
import { possibleParts } from '../../../src/planner/placed_parts.js';
import {
  predictTraffic,
  type PlannedTurn,
  type TrafficOptions,
} from '../../../src/planner/predict_traffic.js';
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
const handedOver: HeadSharing = { heads: 'handed_over', movesHeadOptimizer: true };
const averaged: HeadSharing = { heads: 'averaged', averagesOptimizers: false };

/** z of 3 floats, a head of 15 parameters. */
const frames = framesOf(plainParts, slots, handedOver);
const meanFrames = framesOf(plainParts, slots, averaged);

type Visits = readonly (readonly [client: number, numSteps: number, isLastOfClient?: boolean])[];
const turn = (round: number, visits: Visits): PlannedTurn => ({
  round,
  visits: visits.map(([client, numSteps, isLastOfClient = false]) => ({ client, numSteps, isLastOfClient })),
});

/** Two clients with 3 and 2 batches, twice round the ring. */
const ring = [turn(0, [[0, 3]]), turn(0, [[1, 2]]), turn(1, [[0, 3, true]]), turn(1, [[1, 2, true]])];
/** The same side by side. */
const sideBySide = [0, 1].map((round) =>
  turn(round, [
    [0, 3],
    [1, 2],
  ]),
);
const run: TrafficOptions = {
  turns: ring,
  heads: 'handed_over',
  shardSizes: [5, 3],
  batchSize: 2,
  frames,
  testSizes: [600, 600],
  hasOwnTests: false,
  forgetting: { when: 'off', numRows: 10 },
};
const predict = (change: Partial<TrafficOptions>) => predictTraffic({ ...run, ...change });
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
      // 15 weights and one slot of 15
      handOverBytes: 120,
      sumBytes: 0,
    });
    expect([rowBytes(frames, 'up'), rowBytes(frames, 'down')]).to.deep.equal([16, 12]);
  });

  it('hands over the weights alone where the optimiser stays', () => {
    const { handOverBytes } = framesOf(plainParts, slots, { ...handedOver, movesHeadOptimizer: false });
    expect(handOverBytes).to.equal(60);
  });

  it('U-shaped: four frames without labels; the back moves with its two slots, whatever moves of the head', () => {
    const uShaped = framesOf(uShapedParts, slots, { ...handedOver, movesHeadOptimizer: false });
    expect(uShaped.batch.map(({ flow, rowBytes: bytes }) => [flow, bytes])).to.deep.equal([
      ['activations_up', 12],
      ['activations_down', 12],
      ['gradients_up', 12],
      ['gradients_down', 12],
    ]);
    // fc2 has 3 x 2 + 2 = 8 parameters.
    expect(uShaped.handOverBytes).to.equal(60 + 4 * 8 * 3);
  });

  it('a mean: float64 on its way there, float32 on its way round; with optimisers their slots, and step counts in the sum', () => {
    expect(meanFrames).to.deep.include({ handOverBytes: 60, sumBytes: 120 });
    const all = framesOf(uShapedParts, slots, { heads: 'averaged', averagesOptimizers: true });
    // 15 weights and a slot; 8 and two slots.
    const numValues = 15 * 2 + 8 * 3;
    expect(all).to.deep.include({ handOverBytes: 4 * numValues, sumBytes: 8 * (numValues + 2) });
  });

  it('heads of their own never move', () => {
    expect(framesOf(plainParts, slots, { heads: 'own' })).to.deep.include({ handOverBytes: 0, sumBytes: 0 });
  });
});

describe('predictTraffic of the ring', () => {
  it('two clients, two rounds, partial last batches: by hand', () => {
    const [first, second] = predict({});
    // Client 0: batches of 2, 2, 1 twice: 6 frames, 10 rows. It sends the head after each of its visits, and tests once, in
    // messages of 250, 250 and 100 rows. Round trips: 6 batches, 2 hand-overs, 3 messages.
    expect(first.amounts).to.deep.equal({
      activations_up: { frames: 6, bytes: 120 },
      labels_up: { frames: 0, bytes: 40 },
      activations_down: none,
      gradients_up: none,
      gradients_down: { frames: 6, bytes: 120 },
      evaluation_up: { frames: 3, bytes: 600 * 16 },
      evaluation_down: none,
      hand_overs: { frames: 2, bytes: 240 },
    });
    expect(first.roundTrips).to.equal(6 + 2 + 3);
    expect(first.visits).to.equal(2);
    // Client 1: batches of 2, 1 twice. It hands over once (the last visit is its own), and tests at the end of both rounds.
    expect(second.amounts).to.deep.include({
      activations_up: { frames: 4, bytes: 72 },
      labels_up: { frames: 0, bytes: 24 },
      gradients_down: { frames: 4, bytes: 72 },
      evaluation_up: { frames: 6, bytes: 1200 * 16 },
      hand_overs: { frames: 1, bytes: 120 },
    });
    expect(second.roundTrips).to.equal(4 + 1 + 6);
  });

  it('two passes in a visit: a partial batch at the end of each', () => {
    // 2, 2, 1, 2, 2, 1
    const [first] = predict({ turns: [turn(0, [[0, 6, true]])] });
    expect(first.amounts.activations_up).to.deep.equal({ frames: 6, bytes: 120 });
  });

  it('ends after so many batches: a partial one only where the pass ends', () => {
    // Client 0: 2, 2, 1 rows; client 1: 2 rows of its 3, then the end. Both visits are the last ones of their clients.
    const [first, second] = predict({ turns: [turn(0, [[0, 3, true]]), turn(0, [[1, 1, true]])] });
    expect(first.amounts.activations_up).to.deep.equal({ frames: 3, bytes: 5 * 12 });
    expect(second.amounts.activations_up).to.deep.equal({ frames: 1, bytes: 2 * 12 });
    expect([first, second].map(({ amounts }) => amounts.evaluation_up.frames)).to.deep.equal([3, 3]);
  });

  it('a visit that is left out: the head stays where it is', () => {
    const [first, second] = predict({ turns: ring.toSpliced(1, 1) });
    // 0, then 0 and 1 in the second round: one hand-over. Client 0 tests at the end of round 0 and of its last visit.
    expect(first.amounts.hand_overs.frames).to.equal(1);
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
    const turns = [turn(0, [[0, 3]]), turn(1, [[0, 3, true]])];
    expect(totalAmounts(predict({ turns })).hand_overs).to.deep.equal(none);
  });

  it('U-shaped: activations and gradients both ways, no labels, two round trips a batch', () => {
    const clients = predict({ frames: framesOf(uShapedParts, slots, handedOver) });
    const amount = { frames: 10, bytes: 16 * 12 };
    expect(totalAmounts(clients)).to.deep.include({
      activations_up: amount,
      activations_down: amount,
      gradients_up: amount,
      gradients_down: amount,
      labels_up: none,
    });
    // Client 0: 6 batches, 2 hand-overs, 3 test messages up and down.
    expect(clients[0].roundTrips).to.equal(2 * 6 + 2 + 2 * 3);
  });
});

describe('predictTraffic of clients side by side', () => {
  it('averaged heads: a sum after every round, the mean before the next one; the holder tests', () => {
    const [first, second] = predict({ turns: sideBySide, heads: 'averaged', frames: meanFrames });
    // The sum goes from 0 to 1 twice, the mean from 1 to 0 once.
    expect(first.amounts.hand_overs).to.deep.equal({ frames: 2, bytes: 2 * 120 });
    expect(second.amounts.hand_overs).to.deep.equal({ frames: 1, bytes: 60 });
    expect([first, second].map(({ amounts }) => amounts.evaluation_up.frames)).to.deep.equal([0, 6]);
    expect([first, second].map(({ roundTrips }) => roundTrips)).to.deep.equal([6 + 2, 4 + 1 + 6]);
  });

  it('a holder that is not drawn hands the mean to the first of those that are', () => {
    const turns = [turn(0, [[1, 2]]), turn(1, [[0, 3]])];
    const [first, second] = predict({ turns, heads: 'averaged', frames: meanFrames });
    expect(first.amounts.hand_overs).to.deep.equal(none);
    expect(second.amounts.hand_overs).to.deep.equal({ frames: 1, bytes: 60 });
  });

  it('test rows of their own: the head goes round for the tests, and is not sent again to who has it', () => {
    const own = { hasOwnTests: true, testSizes: [600, 200] };
    const testFrames = (clients: ReturnType<typeof predict>) =>
      clients.map(({ amounts }) => amounts.evaluation_up.frames);
    const handOvers = (clients: ReturnType<typeof predict>) =>
      clients.map(({ amounts }) => amounts.hand_overs);
    // After each round client 1 sends the head back, and both test; client 0 sends it on after each of its visits.
    const inRing = predict(own);
    expect(handOvers(inRing)).to.deep.equal([1, 2].map(() => ({ frames: 2, bytes: 240 })));
    expect(testFrames(inRing)).to.deep.equal([6, 2]);
    // The sum goes from 0 to 1 twice, and the mean back for the tests.
    const averagedHeads = predict({ ...own, turns: sideBySide, heads: 'averaged', frames: meanFrames });
    expect(handOvers(averagedHeads)).to.deep.equal([
      { frames: 2, bytes: 240 },
      { frames: 2, bytes: 120 },
    ]);
    expect(testFrames(averagedHeads)).to.deep.equal([6, 2]);
  });

  it('test rows of their own: who is not drawn tests at the end, if its last visit took place', () => {
    const turns = [turn(0, [[1, 2, true]]), turn(1, [[0, 3, true]])];
    const change = { turns, hasOwnTests: true, heads: 'averaged', frames: meanFrames } as const;
    // The head goes from 1 to 0 to be trained, and back to be tested.
    const [first, second] = predict(change);
    expect([first, second].map(({ amounts }) => amounts.hand_overs.frames)).to.deep.equal([1, 1]);
    expect([first, second].map(({ amounts }) => amounts.evaluation_up.frames)).to.deep.equal([3, 6]);
    const [, gone] = predict({ ...change, turns: [turn(0, [[1, 2]]), turns[1]] });
    expect(gone.amounts.evaluation_up.frames).to.equal(3);
  });

  it('heads of their own: nothing moves; all that there are so far are tested every round', () => {
    const turns = [turn(0, [[1, 2]]), turn(1, [[0, 3]])];
    const [first, second] = predict({ turns, heads: 'own' });
    expect([first, second].map(({ amounts }) => amounts.evaluation_up.frames)).to.deep.equal([3, 6]);
    expect(totalAmounts([first, second]).hand_overs).to.deep.equal(none);
  });

  it('clients with the whole network send nothing, and are asked for nothing', () => {
    const clients = predict({ turns: sideBySide, heads: 'own', frames: noFrames });
    expect(Object.values(totalAmounts(clients)).every(({ frames: n, bytes }) => n + bytes === 0)).to.equal(
      true,
    );
    expect(clients.map(({ roundTrips }) => roundTrips)).to.deep.equal([0, 0]);
  });
});

describe('predictTraffic of many clients', () => {
  /** Bytes of each flow in a ring of so many clients with so many whole batches each, twice round. */
  const ringOf = (numClients: number, numSteps: number) => {
    const clients = Array.from({ length: numClients }, (_, client) => client);
    const turns = [0, 1].flatMap((round) =>
      clients.map((client) => turn(round, [[client, numSteps, round === 1]])),
    );
    const shardSizes = clients.map(() => 2 * numSteps);
    return totalAmounts(predict({ turns, shardSizes, testSizes: clients.map(() => 600) }));
  };

  it('training grows as the rows, however many clients they are dealt to; hand-overs and last tests as the clients', () => {
    const few = ringOf(4, 3);
    const more = ringOf(400, 3);
    const dealt = ringOf(12, 1);
    for (const flow of ['activations_up', 'labels_up', 'gradients_down'] as const) {
      expect(more[flow].bytes, flow).to.equal(100 * few[flow].bytes);
      expect(dealt[flow], flow).to.deep.equal(few[flow]);
    }
    // One fewer than visits.
    expect([few, dealt, more].map(({ hand_overs: { frames: n } }) => n)).to.deep.equal([7, 23, 799]);
    // 3 messages a test of 600 rows: one after the first round, and after the last visit of every client.
    expect([few, dealt, more].map(({ evaluation_up: { frames: n } }) => n)).to.deep.equal([15, 39, 1203]);
  });
});

describe('bytesOf', () => {
  it('has a header a frame', () => {
    expect(bytesOf({ frames: 3, bytes: 100 })).to.equal(100 + 3 * FRAME_HEADER_BYTES);
  });
});
