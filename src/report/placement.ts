import { threadOf } from '../link/setup.js';

export interface PlacedRun {
  /** None where the clients are in processes of their own. */
  readonly threadDevices: readonly string[];
  readonly tailDevice: string;
  readonly numClients: number;
}

/** Who runs where: a row for the server and one for each thread, at most `maxThreads` of them. */
export function placementRows(
  { threadDevices, tailDevice, numClients }: PlacedRun,
  maxThreads = Infinity,
): readonly (readonly [where: string, what: string])[] {
  const numThreads = threadDevices.length;
  const threads = threadDevices.slice(0, maxThreads).map((device, thread) => {
    const clients = Array.from({ length: numClients }, (_, client) => client).filter(
      (client) => threadOf(client, numThreads) === thread,
    );
    const heads =
      clients.length === 1 ? `head of client ${clients[0]}` : `heads of clients ${listed(clients)}`;
    return [`thread ${thread}`, `${device}: ${heads}`] as const;
  });
  const numLeft = numThreads - threads.length;
  const rest = numLeft > 0 ? [['threads', `${numLeft} more`] as const] : [];
  const elsewhere = numThreads === 0 ? [['clients on', 'each in a process of its own'] as const] : [];
  return [['server', `${tailDevice}: tail`], ...threads, ...rest, ...elsewhere];
}

function listed(clients: readonly number[]): string {
  const shown = 8;
  const names = clients.slice(0, shown).join(', ');
  return clients.length <= shown ? names : `${names} and ${clients.length - shown} more`;
}
