import type { Command } from 'commander';
import { loadConfig } from '../config/load.js';
import { addConfigOptions, configSources } from './options.js';
import { runAtTerminal } from './terminal_run.js';
import { trainRun } from './train_run.js';

interface ServeOptions {
  readonly nats: string;
  readonly peers: string;
  readonly key: string;
  readonly ca?: string;
}

/** `bloom-split serve`: `train` with clients on other hosts. */
export function addServeCommand(program: Command): void {
  const command = program
    .command('serve')
    .description(
      'Train with clients on other hosts: wait until all have joined, then run. Options are those of `train`.',
    )
    .requiredOption('--nats <url>', 'address of the NATS server (nats.url)')
    .requiredOption('--peers <file>', "everybody's public keys: the same file for all (nats.peers)")
    .requiredOption('--key <file>', "the server's own keys (nats.key_file)")
    .option('--ca <file>', 'certificate of the authority that signed that of the NATS server (nats.ca_file)');
  addConfigOptions(command).action(async ({ nats, peers, key, ca }: ServeOptions) => {
    const { flags, ...sources } = configSources(command);
    const own = [
      ['link', 'nats'],
      ['nats-url', nats],
      ['nats-peers', peers],
      ['nats-key-file', key],
      ...(ca === undefined ? [] : [['nats-ca-file', ca]]),
    ] as const;
    const all = [...flags, ...own.map(([flag, value]) => [flag, [value]] as const)];
    const loaded = loadConfig({ ...sources, flags: new Map(all as [string, string[]][]) });
    await runAtTerminal((options) => trainRun(loaded, { ...options, runDirectory: undefined }));
  });
}
