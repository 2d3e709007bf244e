import { checkServerIdentity } from 'node:tls';
import { connect, nkeyAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { connectionError } from './connection_errors.js';

/** What the rest of the program needs of a connection to a broker. Who listens too late, or not at all, misses messages. */
export interface Connection {
  /** Most bytes in one message, as the broker says. */
  readonly maxPayload: number;
  /** Sends without waiting. While there is no connection, what is sent is lost: who needs an answer asks again. */
  publish(subject: string, bytes: Uint8Array): void;
  /** `*` in a subject stands for one part of it. What `take` throws goes to `onStatus`, and the next message comes. */
  subscribe(subject: string, take: (bytes: Uint8Array, subject: string) => void): Closable;
  /** Calls the listener whenever a connection that was lost is there again. */
  onReconnect(listener: () => void): Closable;
  /** Resolves when the broker has everything that was published before. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

export interface Closable {
  close(): void;
}

/** What happens to a connection. */
export type ConnectionStatus =
  | { readonly type: 'lost' }
  | { readonly type: 'back'; readonly server: string }
  /** Something was refused, by the broker (a subject) or here (a message); the connection stays. */
  | { readonly type: 'refused'; readonly error: Error }
  /** It will not come back: it was closed, or the broker does not know the key any more. */
  | { readonly type: 'ended'; readonly error: Error | undefined };

export interface ConnectOptions {
  /** Addresses such as nats://host:4222; tls://host:4222 refuses a broker without TLS. */
  readonly servers: readonly string[];
  /** nkey seed of this party; undefined where the broker asks for none. */
  readonly seed: string | undefined;
  /** A certificate authority of one's own, and then TLS only; undefined: the machine's, where the broker has TLS. */
  readonly tls: { readonly caFile: string } | undefined;
  /** For the broker's log. */
  readonly name: string;
  readonly onStatus: (status: ConnectionStatus) => void;
}

/**
 * A ping may wait so long behind other bytes on a slow line. A dead connection is noticed one ping later: sooner than a lost party is (10 s).
 */
const PONG_WITHIN_MS = 5000;
const PING_EVERY_MS = 1000;
const RECONNECT_EVERY_MS = 500;
const FIRST_TIMEOUT_MS = 10_000;

/** Connects, and from then on reconnects for ever. Throws SetupError where it cannot connect at first. */
export async function connectNats(options: ConnectOptions): Promise<Connection> {
  const { servers, seed, tls, name, onStatus } = options;
  const needsTls = servers.some((server) => server.startsWith('tls://'));
  // By itself the transport holds the certificate of an address without a name against "localhost".
  const identity = { checkServerIdentity: checkNames(servers) };
  let nats: NatsConnection;
  try {
    nats = await connect({
      servers: [...servers],
      name,
      ...(seed === undefined ? {} : { authenticator: nkeyAuthenticator(Buffer.from(seed)) }),
      ...(tls || needsTls ? { tls: { ...tls, ...identity } } : {}),
      // A cluster's other addresses are not those that were given, and that certificates are checked against.
      ignoreClusterUpdates: true,
      timeout: FIRST_TIMEOUT_MS,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_EVERY_MS,
      pingInterval: PING_EVERY_MS,
      maxPingOut: PONG_WITHIN_MS / PING_EVERY_MS,
    });
  } catch (error) {
    throw connectionError(error, options);
  }
  return connectionOver(nats, onStatus);
}

/** A certificate must be for one of the hosts in these addresses. */
function checkNames(servers: readonly string[]): typeof checkServerIdentity {
  const hosts = servers.map((server) => {
    const { hostname } = new URL(server.includes('://') ? server : `nats://${server}`);
    return hostname.replace(/^\[|\]$/g, '');
  });
  return (_, certificate) => {
    const failures = hosts.map((host) => checkServerIdentity(host, certificate));
    return failures.includes(undefined) ? undefined : failures[0];
  };
}

function connectionOver(nats: NatsConnection, onStatus: ConnectOptions['onStatus']): Connection {
  const listeners = new Set<() => void>();
  let isUp = true;
  let maxPayload = Number(nats.info?.max_payload);
  const watch = async () => {
    for await (const status of nats.status()) {
      // The rest are pings, other brokers of a cluster, and what comes before a disconnect.
      if (status.type === 'error') onStatus({ type: 'refused', error: status.error });
      if (status.type === 'disconnect') {
        isUp = false;
        onStatus({ type: 'lost' });
      }
      if (status.type === 'reconnect') {
        isUp = true;
        maxPayload = Number(nats.info?.max_payload);
        onStatus({ type: 'back', server: status.server });
        for (const listener of [...listeners]) listener();
      }
    }
    onStatus({ type: 'ended', error: (await nats.closed()) ?? undefined });
  };
  void watch();
  return {
    get maxPayload() {
      return maxPayload;
    },
    publish(subject, bytes) {
      if (isUp && !nats.isClosed()) nats.publish(subject, bytes);
    },
    subscribe(subject, take) {
      const subscription = nats.subscribe(subject, {
        callback(error, message) {
          // A refused subject: the broker's error has come as a status too.
          if (error) return;
          try {
            take(message.data, message.subject);
          } catch (thrown) {
            onStatus({ type: 'refused', error: thrown as Error });
          }
        },
      });
      return {
        close() {
          subscription.unsubscribe();
        },
      };
    },
    onReconnect(listener) {
      listeners.add(listener);
      return {
        close() {
          listeners.delete(listener);
        },
      };
    },
    flush: () => nats.flush(),
    close: () => nats.close(),
  };
}
