import { expect } from 'chai';
import { askClassCounts, evaluationsOf, forgettingTests } from '../../../src/cli/evaluations.js';
import { configFrom } from '../../../src/config/load.js';
import type { ForgettingEvent } from '../../../src/core/events.js';
import type { Link } from '../../../src/link/link.js';
import { reportOf } from '../../../src/metrics/report.js';
import { schemes } from '../../../src/server/schemes/registry.js';

describe('forgettingTests', () => {
  const whenOf = (options: object) => {
    const { config } = configFrom(options);
    return forgettingTests(config, schemes[config.mode], 7);
  };

  it('are after every visit up to 20 clients, above that after every round', () => {
    expect(whenOf({ n_workers: 20 })).to.deep.equal({ when: 'every_visit', numRows: 7 });
    expect(whenOf({ n_workers: 21 }).when).to.equal('every_round');
  });

  it('are as asked for', () => {
    expect(whenOf({ n_workers: 21, forgetting: 'every_visit' }).when).to.equal('every_visit');
    expect(whenOf({ forgetting: 'every_round' }).when).to.equal('every_round');
    expect(whenOf({ forgetting: 'off' }).when).to.equal('off');
  });

  it('are never where clients do not tell their classes', () => {
    expect(whenOf({ share_class_counts: false }).when).to.equal('off');
  });

  it('are after every round where heads are averaged, and never where each client has its own', () => {
    expect(whenOf({ mode: 'splitfed_v1', n_workers: 2 }).when).to.equal('every_round');
    expect(whenOf({ mode: 'splitfed_v2', forgetting: 'off' }).when).to.equal('off');
    for (const mode of ['parallel', 'local', 'central']) expect(whenOf({ mode }).when).to.equal('off');
  });
});

describe('askClassCounts', () => {
  const linkOf = (counts: readonly number[] | null) =>
    ({ classCounts: () => Promise.resolve(counts) }) as unknown as Link;

  it('gives the counts by client', async () => {
    expect(await askClassCounts([linkOf([1, 2]), linkOf([3, 0])])).to.deep.equal([
      [1, 2],
      [3, 0],
    ]);
  });

  it('gives null where one client does not tell', async () => {
    expect(await askClassCounts([linkOf([1, 2]), linkOf(null)])).to.equal(null);
  });
});

describe('evaluationsOf', () => {
  const overall = reportOf({
    numClasses: 2,
    logits_NK: Float32Array.of(1, 0, 0, 1),
    labels_N: Int32Array.of(0, 1),
  });
  const test: ForgettingEvent = {
    type: 'forgetting',
    round: 0,
    client: 1,
    steps: 9,
    class_accuracy: [0.5, 1],
  };

  const result = {
    overall,
    clients: [overall, null],
    forgetting: [test],
    holders: [1],
    summary: {} as never,
  };

  it('has the forgetting matrix by the class shares of the clients', () => {
    const counts = [
      [30, 10],
      [0, 5],
    ];
    const forgetting = { asked: 'auto', heads: 'handed_over', numRows: 7 } as const;
    const evaluations = evaluationsOf(['a', 'b'], result, counts, forgetting);
    expect(evaluations).to.deep.equal({
      class_names: ['a', 'b'],
      overall,
      clients: [overall, null],
      class_counts: counts,
      // (30 * 0.5 + 10 * 1) / 40 = 0.625
      forgetting: { samples: 7, visits: [{ round: 0, client: 1, steps: 9 }], accuracy: [[0.625, 1]] },
      notes: [],
    });
  });

  it('says why something is left out', () => {
    const forgetting = { asked: 'off', heads: 'handed_over', numRows: 7 } as const;
    const { class_counts, forgetting: matrix, notes } = evaluationsOf(['a', 'b'], result, null, forgetting);
    expect([class_counts, matrix]).to.deep.equal([null, null]);
    expect(notes).to.have.length(2);
    expect(notes[0]).to.include('share_class_counts: false');
    expect(notes[1]).to.include('forgetting: off');
  });

  it('says that there is no matrix where every client has a head of its own', () => {
    const forgetting = { asked: 'auto', heads: 'own', numRows: 7 } as const;
    const { forgetting: matrix, notes } = evaluationsOf(
      ['a', 'b'],
      { ...result, forgetting: [] },
      [[1, 1]],
      forgetting,
    );
    expect(matrix).to.equal(null);
    expect(notes).to.have.length(1);
    expect(notes[0]).to.include('a head of its own');
  });
});
