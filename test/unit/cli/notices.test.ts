import { expect } from 'chai';
import { noticesOf } from '../../../src/cli/notices.js';
import { schemes } from '../../../src/server/schemes/registry.js';

const plan = (
  untestedClasses: readonly string[],
  shardSizes: readonly number[],
  leftOut: readonly [number, string] = [0, ''],
) => ({
  untestedClasses,
  shardSizes,
  partition: { numLeftOut: leftOut[0], whyLeftOut: leftOut[1] },
  scheme: schemes.sequential,
});
const config = {
  batch_size: 4,
  data_split: 'num_classes',
  max_samples: 0,
  mode: 'sequential',
  n_workers: 2,
} as const;

describe('noticesOf', () => {
  it('are none where every client fills a batch and every class is tested', () => {
    expect(noticesOf(config, plan([], [4, 9]))).to.deep.equal([]);
  });

  it('tell of a batch larger than a shard', () => {
    const [notice, ...more] = noticesOf(config, plan([], [3, 9]));
    expect(notice).to.include('batch_size 4').and.include('a shard of 3 rows');
    expect(more).to.deep.equal([]);
  });

  it('tell of rows that no client gets, and why', () => {
    expect(noticesOf(config, plan([], [4], [12, 'too few']))).to.deep.equal([
      'data_split num_classes leaves 12 training rows to no client: too few.',
    ]);
  });

  it('tell of classes that no test row is of, and of max_samples where that may be why', () => {
    expect(noticesOf({ ...config, max_samples: 2 }, plan(['cat', 'eel'], [4]))[0]).to.match(
      /^no test row is of classes cat, eel \(max_samples 2\): /,
    );
    expect(noticesOf(config, plan(['eel'], [4]))[0]).to.match(/^no test row is of class eel: /);
  });

  it('tell of one client whose head is averaged, and of clients whose rows are joined', () => {
    const averaging = { ...config, mode: 'splitfed_v1', n_workers: 1 } as const;
    const one = { ...plan([], [9]), scheme: schemes.splitfed_v1 };
    expect(noticesOf(averaging, one)).to.deep.equal([
      'mode splitfed_v1 averages over clients, and there is one: a mean of one is that one.',
    ]);
    const central = { ...plan([], [9]), scheme: schemes.central };
    expect(noticesOf({ ...config, mode: 'central', n_workers: 3 }, central)).to.deep.equal([
      'mode central trains on the rows of all 3 clients in one place.',
    ]);
  });
});
