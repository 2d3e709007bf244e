/** What the rest of the program needs of a connection to a broker. Messages to who does not listen are lost. */
export interface Connection {
  /** Most bytes in one message, as the broker says. */
  readonly maxPayload: number;
  /** Sends without waiting. While there is no connection, what is sent is lost: who needs an answer asks again. */
  publish(subject: string, bytes: Uint8Array): void;
  /** `*` in a subject stands for one part of it. */
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
  /** The broker refused something, such as a subject; the connection stays. */
  | { readonly type: 'error'; readonly error: Error }
  /** It will not come back. */
  | { readonly type: 'ended'; readonly error: Error | undefined };

export interface ConnectOptions {
  /** Addresses such as nats://host:4222. */
  readonly servers: readonly string[];
  /** nkey seed of this party; undefined where the broker asks for none. */
  readonly seed: string | undefined;
  /** A certificate authority of one's own; undefined: no TLS. */
  readonly tls: { readonly caFile: string } | undefined;
  /** For the broker's log. */
  readonly name: string;
  readonly onStatus: (status: ConnectionStatus) => void;
}

/** Connects, and reconnects for ever. Throws SetupError where the first time fails. */
export function connectNats(options: ConnectOptions): Promise<Connection> {
  return Promise.reject(new Error(`not written: ${options.name}`));
}
