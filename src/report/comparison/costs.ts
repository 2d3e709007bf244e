/** What a run cost its clients and the network, in all; null where the run does not tell. */
export interface Costs {
  readonly bytes_up: number | null;
  readonly bytes_down: number | null;
  /** Computing time of all clients. */
  readonly client_seconds: number | null;
}

/** The costs in a `summary.json`. */
export function costsOf(summary: object): Costs {
  const costs = 'costs' in summary && typeof summary.costs === 'object' ? summary.costs : null;
  const number = (name: string) => {
    const value: unknown = costs === null ? null : (costs as Record<string, unknown>)[name];
    return typeof value === 'number' ? value : null;
  };
  const clientMs = number('client_ms');
  return {
    bytes_up: number('bytes_up'),
    bytes_down: number('bytes_down'),
    client_seconds: clientMs === null ? null : clientMs / 1000,
  };
}
