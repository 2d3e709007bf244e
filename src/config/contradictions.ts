import { ConfigError } from '../core/errors.js';
import { OWN_ROWS } from '../data/splits/registry.js';
import { DEFAULT_CUT } from '../models/network.js';
import { numDrawnOf } from '../server/schedule.js';
import { schemes } from '../server/schemes/registry.js';
import type { RunConfig } from './run_config.js';

/** Where the value of a key came from, for people. */
type Source = (key: string) => string;

/** Refuses values that cannot be meant together. Throws ConfigError, which names both, and what to do. */
export function refuseContradictions(config: RunConfig, from: Source): void {
  for (const problem of problemsOf(config, from))
    throw new ConfigError('ERR_CONFIG_CONTRADICTION', problem, {});
}

function* problemsOf(config: RunConfig, from: Source): Generator<string> {
  const given = (key: Exclude<keyof RunConfig, 'optimizer' | 'wandb' | 'nats'>) =>
    `\`${key}\` is ${config[key]} (from ${from(key)})`;
  const { n_epochs, local_epochs, n_workers, max_clients, forgetting, mode } = config;
  const scheme = schemes[mode];
  if (n_epochs % local_epochs !== 0)
    yield `${given('local_epochs')}, which does not divide \`n_epochs\`, ${n_epochs} (from ${from('n_epochs')}). Choose a divisor.`;
  if (n_workers > max_clients)
    yield (
      `${given('n_workers')}, more than \`max_clients\`, ${max_clients} (from ${from('max_clients')}). Raise \`max_clients\` if so ` +
      'many are meant.'
    );
  if (config.micro_batches > config.batch_size)
    yield (
      `${given('micro_batches')}, more parts than a batch has rows: \`batch_size\` is ${config.batch_size} (from ` +
      `${from('batch_size')}). Choose fewer, or larger batches.`
    );
  if (!config.share_class_counts && (forgetting === 'every_visit' || forgetting === 'every_round'))
    yield (
      `${given('forgetting')}, but ${given('share_class_counts')}, without which there is no forgetting matrix. Set ` +
      '`share_class_counts` to true, or `forgetting` to off.'
    );

  const inMode = `but in \`mode\` ${mode} (from ${from('mode')})`;
  if (scheme.heads === 'own' && local_epochs > 1)
    yield `${given('local_epochs')}, ${inMode} nothing is shared after a visit, and so there is none. Set \`local_epochs\` to 1.`;
  if (scheme.heads !== 'handed_over' && config.handoff !== 'weights_and_optimizer')
    yield (
      `${given('handoff')}, ${inMode} no head is handed over from visit to visit. Leave \`handoff\` out` +
      (scheme.heads === 'averaged' ? '; `splitfed_optimizer` says what averaging does to optimisers.' : '.')
    );
  if (scheme.heads !== 'averaged' && scheme.tails !== 'per_client' && config.splitfed_optimizer !== 'reset')
    yield (
      `${given('splitfed_optimizer')}, ${inMode} nothing is averaged. Leave \`splitfed_optimizer\` out, or choose \`mode\` ` +
      'splitfed_v1 or splitfed_v2.'
    );
  if (scheme.heads === 'own' && forgetting !== 'auto' && forgetting !== 'off')
    yield `${given('forgetting')}, ${inMode} every client has a head of its own, and the matrix is of one. Set \`forgetting\` to off.`;
  if (scheme.heads === 'averaged' && forgetting === 'every_visit')
    yield `${given('forgetting')}, ${inMode} visits go on side by side. Set \`forgetting\` to every_round.`;
  if (scheme.tails === 'none' && config.u_shaped)
    yield `${given('u_shaped')}, ${inMode} clients have the whole network. Leave \`u_shaped\` out.`;
  if (!config.u_shaped && config.cut_back !== DEFAULT_CUT)
    yield (
      `${given('cut_back')}, but ${given('u_shaped')}: the server has all layers after \`cut\`. Set \`u_shaped\` to true, or ` +
      'leave `cut_back` out.'
    );
  if (scheme.joinsRows && config.client_fraction < 1)
    yield `${given('client_fraction')}, ${inMode} all rows are in one place. Leave \`client_fraction\` out.`;
  if (!scheme.joinsRows && numDrawnOf(n_workers, config.client_fraction) === 0)
    yield (
      `${given('client_fraction')}, which of ${n_workers} clients (\`n_workers\`, from ${from('n_workers')}) selects none. Raise it ` +
      `to ${Math.ceil(50 / n_workers) / 100} or more.`
    );
  yield* problemsOfHosts(config, from);
}

/** Of clients in processes of their own. */
function* problemsOfHosts(config: RunConfig, from: Source): Generator<string> {
  const { link, nats, mode, data_split, forgetting } = config;
  const isOwn = data_split === OWN_ROWS;
  const own = `\`data_split\` is ${data_split} (from ${from('data_split')})`;
  if (isOwn && link !== 'nats')
    yield `${own}, but \`link\` is ${link} (from ${from('link')}): one process reads the rows of all. Choose another \`data_split\`, or \`link\` nats.`;
  if (isOwn && (forgetting === 'every_visit' || forgetting === 'every_round'))
    yield `\`forgetting\` is ${forgetting} (from ${from('forgetting')}), but ${own}: no two tests are on the same rows. Set \`forgetting\` to off.`;
  const { url, ...files } = nats;
  const given = Object.entries({ url, ...files }).filter(([, value]) => value !== '');
  if (link !== 'nats') {
    for (const [key, value] of given)
      yield (
        `\`nats.${key}\` is ${value} (from ${from(`nats.${key}`)}), but \`link\` is ${link} (from ${from('link')}). Set \`link\` to ` +
        `nats, or leave \`nats.${key}\` out.`
      );
    return;
  }
  if (schemes[mode].joinsRows)
    yield `\`link\` is nats (from ${from('link')}), but \`mode\` ${mode} (from ${from('mode')}) trains on all rows in one place. Choose another \`mode\`.`;
  for (const key of ['peers', 'key_file'] as const)
    if (url !== '' && nats[key] === '')
      yield `\`nats.url\` is ${url} (from ${from('nats.url')}), but \`nats.${key}\` is not given. Give it: \`bloom-split keys\` makes such files.`;
  for (const [key, value] of given)
    if (url === '')
      yield (
        `\`nats.${key}\` is ${value} (from ${from(`nats.${key}`)}), but without \`nats.url\` a NATS server is started here, with keys of ` +
        'its own. Give `nats.url` too, or leave it out.'
      );
}
