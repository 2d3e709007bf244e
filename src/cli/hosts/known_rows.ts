import { createHash } from 'node:crypto';
import type { RunConfig } from '../../config/run_config.js';
import { ConfigError } from '../../core/errors.js';
import { OWN_ROWS } from '../../data/splits/registry.js';
import type { ClientFacts } from '../../link/nats/client_facts.js';
import type { KnownRows } from '../plan.js';

/** What the server knows of rows that it does not have. Throws ConfigError where what the clients have does not fit together. */
export function knownRows(config: RunConfig, told: readonly ClientFacts[]): KnownRows {
  const [{ name, shape, classNames, background, ...first }] = told;
  const hasOwn = config.data_split === OWN_ROWS;
  for (const [client, facts] of told.entries()) requireFitting(config, client, facts, told[0]);
  const sumOf = (size: (facts: ClientFacts) => number) => told.reduce((sum, facts) => sum + size(facts), 0);
  const sha256 = hasOwn ? joined(told.map(({ dataSha256 }) => dataSha256)) : first.dataSha256;
  return {
    dataset: {
      name,
      shape,
      classNames,
      background,
      isVerified: told.every(({ isVerified }) => isVerified),
      folder: "the clients' own folders",
      train: { numRows: hasOwn ? sumOf(({ numTrainRows }) => numTrainRows) : first.numTrainRows },
      test: { numRows: hasOwn ? sumOf(({ numTestRows }) => numTestRows) : first.numTestRows },
    },
    shardSizes: told.map(({ shardSize }) => shardSize),
    testSizes: told.map(({ numTestRows }) => numTestRows),
    partition: { numLeftOut: first.numLeftOut, whyLeftOut: first.whyLeftOut },
    untestedClasses: hasOwn ? [] : first.untestedClasses,
    numForgettingRows: first.numForgettingRows,
    dataSha256: () => sha256,
  };
}

/** Throws ConfigError where a client that has come back has not the rows that it had. */
export function requireSame(client: number, before: ClientFacts, now: ClientFacts): void {
  if (before.dataSha256 === now.dataSha256 && before.shardSize === now.shardSize) return;
  throw new ConfigError(
    'ERR_OTHER_DATA',
    `Client ${client} came back with other rows than it had at the start of the run. Start it with the same \`--data-dir\`.`,
    { client },
  );
}

function requireFitting(config: RunConfig, client: number, facts: ClientFacts, first: ClientFacts): void {
  if (config.data_split !== OWN_ROWS && facts.dataSha256 !== first.dataSha256) {
    throw new ConfigError(
      'ERR_OTHER_DATA',
      `Clients 0 and ${client} do not have the same rows of ${config.dataset}, and \`data_split\` ${config.data_split} deals out those of ` +
        'one data set. Give both the same files, or set `data_split` to own.',
      { client },
    );
  }
  if (facts.shardSize > 0 && facts.numTestRows > 0) return;
  throw new ConfigError(
    'ERR_NO_ROWS',
    `Client ${client} has ${facts.shardSize} training and ${facts.numTestRows} test rows: it needs some of both.`,
    { client },
  );
}

function joined(checksums: readonly string[]): string {
  return createHash('sha256').update(checksums.join()).digest('hex');
}
