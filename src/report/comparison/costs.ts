/** What a run cost its clients and the network, in all; null where the run does not tell. */
export interface Costs {
  readonly bytes_up: number | null;
  readonly bytes_down: number | null;
  /** Computing time of all clients. */
  readonly client_seconds: number | null;
}

/** The costs in a `summary.json`, as it was read. */
export function costsOf(summary: object): Costs {
  const number = (group: string, name: string) => {
    const value = fieldsOf(fieldsOf(summary)[group])[name];
    return typeof value === 'number' ? value : null;
  };
  return {
    bytes_up: number('traffic', 'bytes_up'),
    bytes_down: number('traffic', 'bytes_down'),
    client_seconds: number('compute_seconds', 'client_compute'),
  };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
