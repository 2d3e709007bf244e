import { refuseTwoNames } from './assignment.js';
import { keys } from './keys.js';
import { configFromFile } from './load.js';
import type { RunConfig } from './run_config.js';
import { readEnvironment, readFlags } from './sources.js';

/** A run as it was configured, and how it is to be sent. */
export interface TrackingConfig {
  readonly run: RunConfig;
  readonly wandb: RunConfig['wandb'];
}

/**
 * The configuration of a run that is to be sent, from its `.hydra/config.yaml`: flags may change where it goes, and the environment
 * gives the key alone, since what it says of other options was said of other runs. Throws ConfigError.
 */
export function loadTracking(file: string, flags: ReadonlyMap<string, readonly string[]>): TrackingConfig {
  const { config: run } = configFromFile(file);
  const given = readFlags(flags);
  const inEnvironment = readEnvironment(environment(isSecret), []);
  for (const layer of [given, inEnvironment]) refuseTwoNames(layer);
  const changes = [...inEnvironment, ...given].map(({ key, value }) => [
    key.name.replace('wandb.', ''),
    value,
  ]);
  return {
    run,
    wandb: { ...run.wandb, key: '', ...(Object.fromEntries(changes) as Partial<RunConfig['wandb']>) },
  };
}

/** The environment for a process of ours that is told everything it needs: no option is in it, and so no key. */
export function environmentWithoutOptions(): NodeJS.ProcessEnv {
  const isOption = (name: string) => keys.some(({ envNames }) => envNames.includes(name));
  return environment((name) => !isOption(name));
}

function environment(has: (name: string) => boolean): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => has(name)));
}

function isSecret(name: string): boolean {
  return keys.some(({ isSensitive, envNames }) => isSensitive && envNames.includes(name));
}
