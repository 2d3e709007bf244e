/** What flows between a client and the server, or another client. */
export const flows = [
  'activations_up',
  'labels_up',
  'activations_down',
  'gradients_up',
  'gradients_down',
  'evaluation_up',
  'evaluation_down',
  'hand_overs',
] as const;
export type Flow = (typeof flows)[number];

/** Frames, and the bytes of their buffers without headers. Labels ride in the frame of their activations. */
export interface Amount {
  readonly frames: number;
  readonly bytes: number;
}

/** What one client sent and was sent. A hand-over counts for the client that sends it. */
export interface ClientTraffic {
  readonly flows: Readonly<Record<Flow, Amount>>;
  /** Frames of the server, requests of a test, and hand-overs that a client answered. */
  readonly round_trips: number;
}

/** What every frame carries besides its buffers (position, shape, type of data), counted as one fixed size on every link. */
const HEADER_BYTES = 64;

/** With headers. */
export function bytesWithHeaders(amounts: readonly Amount[]): number {
  return amounts.reduce((sum, { frames, bytes }) => sum + bytes + frames * HEADER_BYTES, 0);
}

/** Seconds in which a client computed for training, and in which it was its turn and it waited for others. */
export interface ClientSeconds {
  readonly compute: number;
  readonly waiting: number;
}

/** What a training has cost so far: plain data, from which counting goes on. */
export interface CostsSoFar {
  /** By client. */
  readonly traffic: readonly ClientTraffic[];
  readonly seconds: {
    readonly clients: readonly ClientSeconds[];
    readonly server: ClientSeconds;
  };
}

/** What a run sent, the same whenever it is run again. */
export interface RunTraffic {
  readonly header_bytes: number;
  /** To the server, from it, and from client to client, with headers. */
  readonly bytes_up: number;
  readonly bytes_down: number;
  readonly bytes_between_clients: number;
  readonly messages: number;
  readonly round_trips: number;
  readonly flows: Readonly<Record<Flow, Amount>>;
  readonly clients: readonly ClientTraffic[];
}

/** How long clients and server worked and waited in training, tests and hand-overs left out. */
export interface RunSeconds {
  readonly client_compute: number;
  readonly client_waiting: number;
  readonly server_compute: number;
  readonly server_waiting: number;
  readonly clients: readonly ClientSeconds[];
}

/** What a run cost, for its summary. */
export interface CostsSummary {
  readonly traffic: RunTraffic;
  /** Sent in this process for batches that the loss of a client undid; what the kill of a process undid is not known. */
  readonly repeated_bytes: number;
  readonly seconds: RunSeconds;
}

/** All clients' traffic together. */
export function totalTraffic(clients: readonly ClientTraffic[]): RunTraffic {
  const total = (of: (client: ClientTraffic) => number) =>
    clients.reduce((sum, client) => sum + of(client), 0);
  const amount = (flow: Flow): Amount => ({
    frames: total((client) => client.flows[flow].frames),
    bytes: total((client) => client.flows[flow].bytes),
  });
  const all = Object.fromEntries(flows.map((flow) => [flow, amount(flow)])) as Record<Flow, Amount>;
  const bytesOf = (isOf: (flow: Flow) => boolean) =>
    bytesWithHeaders(flows.filter(isOf).map((flow) => all[flow]));
  return {
    header_bytes: HEADER_BYTES,
    bytes_up: bytesOf((flow) => flow.endsWith('_up')),
    bytes_down: bytesOf((flow) => flow.endsWith('_down')),
    bytes_between_clients: bytesOf((flow) => flow === 'hand_overs'),
    messages: flows.reduce((sum, flow) => sum + all[flow].frames, 0),
    round_trips: total(({ round_trips }) => round_trips),
    flows: all,
    clients,
  };
}

/** Of data from a file: the right fields, with numbers where numbers belong. */
export function isCosts(value: unknown): value is CostsSoFar {
  const { traffic, seconds } = fieldsOf(value);
  const { clients, server } = fieldsOf(seconds);
  return (
    isListOf(traffic, (client) => {
      const { flows: amounts, round_trips } = fieldsOf(client);
      return (
        typeof round_trips === 'number' &&
        flows.every((flow) => hasNumbers(fieldsOf(amounts)[flow], ['frames', 'bytes']))
      );
    }) &&
    isListOf(clients, isSeconds) &&
    isSeconds(server)
  );
}

function isSeconds(value: unknown): boolean {
  return hasNumbers(value, ['compute', 'waiting']);
}

function hasNumbers(value: unknown, names: readonly string[]): boolean {
  return names.every((name) => typeof fieldsOf(value)[name] === 'number');
}

function isListOf(value: unknown, isEntry: (entry: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isEntry);
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
