import { expect } from 'chai';
import fc from 'fast-check';
import type { Partition, SplitInput } from '../../src/data/splits/data_split.js';
import { countClasses } from '../../src/data/dataset.js';

/** 1 to 400 rows of up to 6 classes, some of which may lack rows; 1 to 12 clients, never more than rows. */
export const anySplitInput: fc.Arbitrary<SplitInput> = fc
  .record({
    labels: fc.uint8Array({ max: 5, minLength: 1, maxLength: 400 }),
    numClients: fc.integer({ min: 1, max: 12 }),
    seed: fc.nat(),
  })
  .filter(({ labels, numClients }) => numClients <= labels.length)
  .map((input) => ({ ...input, numClasses: 6, writers: undefined }));

/** Rows of classes that take turns. */
export function evenInput(numRows: number, numClasses: number, numClients: number, seed = 0): SplitInput {
  const labels = Uint8Array.from({ length: numRows }, (_, row) => row % numClasses);
  return { labels, numClasses, numClients, seed, writers: undefined };
}

/** Every row is in one shard or left out, none twice; no shard is empty; shards are ascending. */
export function expectDealt({ shards, numLeftOut, whyLeftOut }: Partition, input: SplitInput): void {
  expect(shards).to.have.lengthOf(input.numClients);
  const dealt = shards.flatMap((shard) => [...shard]);
  expect(new Set(dealt).size).to.equal(dealt.length);
  expect(dealt.every((row) => row < input.labels.length)).to.equal(true);
  expect(dealt.length + numLeftOut).to.equal(input.labels.length);
  expect(whyLeftOut === '').to.equal(numLeftOut === 0);
  for (const shard of shards) {
    expect(shard.length).to.be.at.least(1);
    expect([...shard]).to.deep.equal([...shard].sort((a, b) => a - b));
  }
}

/** [client][class]: rows */
export function classCountsOf(
  { shards }: Partition,
  { labels, numClasses }: SplitInput,
): readonly (readonly number[])[] {
  return shards.map((shard) =>
    countClasses(
      shard.map((row) => labels[row]),
      numClasses,
    ),
  );
}
