import { partyName } from './party_keys.js';
import type { Peers } from './peers.js';
import { WINDOW_BYTES } from './pieces.js';
import { clientPermissions, serverPermissions } from './subjects.js';

/** Bytes. A heartbeat waits behind at most one message: 0.8 s at 10 Mbit/s. */
const MAX_PAYLOAD = 1 << 20;
/** Bytes that the broker keeps at least for a party whose line is slower than the others', before it cuts it off. */
const MIN_PENDING = 256 << 20;
/** Messages of each client that it keeps: in a turn of all together every one answers the server. */
const PENDING_OF_A_CLIENT = 4;
/** How long the broker waits for such a line. */
const WRITE_DEADLINE = '60s';

/** Where a broker listens, and what it shows to prove who it is. */
export interface BrokerOptions {
  readonly host: string;
  readonly port: number;
  /** Without one, everything but heads and sums crosses the network in the clear. */
  readonly tls?: { readonly certificate: string; readonly key: string };
}

/**
 * The configuration of a nats-server for one run: each party is known by its nkey and has its own subjects only. With a certificate,
 * connections without TLS are refused.
 */
export function brokerConfig(peers: Peers, { host, port, tls }: BrokerOptions): string {
  const { server, clients, runName } = peers;
  const users = [server, ...clients].map(({ party, broker }) => {
    const { publish, subscribe } =
      party === 'server' ? serverPermissions(runName) : clientPermissions(runName, party);
    const permissions = { publish: { allow: publish }, subscribe: { allow: subscribe } };
    return `    # ${partyName(party)}\n    ${JSON.stringify({ nkey: broker, permissions })}`;
  });
  const lines = [
    `# nats-server for run ${runName}: the server and ${clients.length} clients. Made by \`bloom-split broker-config\`; make it again when`,
    '# the list of peers changes. It holds public keys only.',
    `listen: ${JSON.stringify(`${host}:${port}`)}`,
    `max_payload: ${MAX_PAYLOAD}`,
    `max_pending: ${Math.max(MIN_PENDING, clients.length * PENDING_OF_A_CLIENT * WINDOW_BYTES)}`,
    `write_deadline: ${JSON.stringify(WRITE_DEADLINE)}`,
    ...(tls
      ? [`tls: ${JSON.stringify({ cert_file: tls.certificate, key_file: tls.key })}`]
      : ['# No TLS: for one machine, or a network that encrypts by itself.']),
    'authorization: {',
    '  users: [',
    ...users,
    '  ]',
    '}',
  ];
  return `${lines.join('\n')}\n`;
}
