import type { RunConfig } from '../config/run_config.js';
import type { RunPlan } from './plan.js';

/** Classes that a notice names. */
const MAX_LISTED = 8;

type Noticed = Pick<RunPlan, 'shardSizes' | 'partition' | 'scheme' | 'untestedClasses'>;

/** What the user should know of a run before it starts, a sentence each. */
export function noticesOf(
  config: Pick<RunConfig, 'batch_size' | 'data_split' | 'max_samples' | 'mode' | 'n_workers'>,
  { shardSizes, partition, scheme, untestedClasses: untested }: Noticed,
): readonly string[] {
  const smallest = Math.min(...shardSizes);
  const { numLeftOut, whyLeftOut } = partition;
  return [
    ...(scheme.heads === 'averaged' && shardSizes.length === 1
      ? [`mode ${config.mode} averages over clients, and there is one: a mean of one is that one.`]
      : []),
    ...(scheme.joinsRows && config.n_workers > 1
      ? [`mode ${config.mode} trains on the rows of all ${config.n_workers} clients in one place.`]
      : []),
    ...(config.batch_size > smallest
      ? [
          `batch_size ${config.batch_size} is larger than a shard of ${smallest} rows: such a client trains one batch a pass.`,
        ]
      : []),
    ...(numLeftOut > 0
      ? [`data_split ${config.data_split} leaves ${numLeftOut} training rows to no client: ${whyLeftOut}.`]
      : []),
    ...(untested.length > 0
      ? [
          `no test row is of ${listed(untested)}${config.max_samples > 0 ? ` (max_samples ${config.max_samples})` : ''}: ` +
            'what is learned of such a class is not tested.',
        ]
      : []),
  ];
}

function listed(classes: readonly string[]): string {
  const [shown, more] = [classes.slice(0, MAX_LISTED), classes.length - MAX_LISTED];
  return `${classes.length === 1 ? 'class' : 'classes'} ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
