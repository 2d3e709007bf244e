import type { RunConfig } from '../../config/run_config.js';
import { ConfigError } from '../../core/errors.js';
import type { ClientFacts } from '../../link/nats/host.js';
import type { KnownRows } from '../plan.js';

/** What the server knows of rows that it does not have. Throws ConfigError where the clients do not have the same data set. */
export function knownRows(config: RunConfig, told: readonly ClientFacts[]): KnownRows {
  const [first] = told;
  for (const [client, facts] of told.entries()) {
    if (facts.dataSha256 === first.dataSha256) continue;
    throw new ConfigError(
      'ERR_OTHER_DATA',
      `Clients 0 and ${client} do not have the same rows of ${config.dataset}, and \`data_split\` ${config.data_split} deals out those of ` +
        'one data set. Give both the same files.',
      { client },
    );
  }
  const { name, shape, classNames, background, isVerified, numTrainRows, numTestRows } = first;
  const { numLeftOut, whyLeftOut, untestedClasses, numForgettingRows, dataSha256 } = first;
  return {
    dataset: {
      name,
      shape,
      classNames,
      background,
      isVerified,
      folder: "the clients' own folders",
      train: { numRows: numTrainRows },
      test: { numRows: numTestRows },
    },
    shardSizes: told.map(({ shardSize }) => shardSize),
    partition: { numLeftOut, whyLeftOut },
    untestedClasses,
    numForgettingRows,
    dataSha256: () => dataSha256,
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
