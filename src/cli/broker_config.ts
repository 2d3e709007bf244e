import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ConfigError } from '../core/errors.js';
import { writeFileAtomic } from '../core/files.js';
import { brokerConfig } from '../link/nats/broker_config.js';
import { readPeers } from '../link/nats/peers.js';
import { wholeNumber } from './whole_number.js';

const NATS_PORT = 4222;
const MAX_PORT = 65_535;

interface BrokerConfigOptions {
  readonly peers: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly host?: string;
  readonly port: number;
  readonly out?: string;
}

/** `bloom-split broker-config`: what the broker of a run on several hosts must know. */
export function addBrokerConfigCommand(program: Command): void {
  program
    .command('broker-config')
    .description(
      'Make the configuration of nats-server for a list of peers: who they are, and which subjects each may use.',
    )
    .requiredOption('--peers <file>', 'the list that `bloom-split peers` made')
    .option(
      '--tls-cert <file>',
      "the broker's certificate (PEM, with its chain); then connections without TLS are refused",
    )
    .option('--tls-key <file>', 'the private key of the certificate')
    .option(
      '--host <address>',
      'where it listens; default: everywhere with a certificate, else only on this machine (127.0.0.1)',
    )
    .option('--port <number>', 'TCP port', wholeNumber('--port', 1, MAX_PORT), NATS_PORT)
    .option('--out <file>', 'write it there instead of printing it')
    .action(async ({ peers, host, port, out, ...files }: BrokerConfigOptions) => {
      const tls = tlsOf(files);
      const listenOn = host ?? (tls ? '0.0.0.0' : '127.0.0.1');
      const text = brokerConfig(await readPeers(peers), { host: listenOn, port, ...(tls && { tls }) });
      if (out === undefined) process.stdout.write(text);
      else await writeFileAtomic(out, text);
    });
}

/** With whole paths: nats-server looks for them from where it is started. */
function tlsOf({ tlsCert, tlsKey }: Pick<BrokerConfigOptions, 'tlsCert' | 'tlsKey'>) {
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert !== undefined && tlsKey !== undefined)
    return { certificate: resolve(tlsCert), key: resolve(tlsKey) };
  throw new ConfigError(
    'ERR_BROKER_TLS',
    `\`--tls-cert\` and \`--tls-key\` belong together, but \`${tlsCert === undefined ? '--tls-cert' : '--tls-key'}\` is missing. Give both, or neither.`,
  );
}
