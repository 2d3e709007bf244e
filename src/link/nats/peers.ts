import { createHash } from 'node:crypto';
import type { PublicHalf } from './party_keys.js';

/** Everybody who takes part in a run. */
export interface Peers {
  readonly server: PublicHalf;
  /** By their numbers. */
  readonly clients: readonly PublicHalf[];
  /** Names the run on the broker: 16 hex digits, from the keys, so that another list is another run. */
  readonly runName: string;
}

/** The peers with their run's name: the first 16 hex digits of the SHA-256 of all keys in order. */
export function peersOf(server: PublicHalf, clients: readonly PublicHalf[]): Peers {
  const keys = [server, ...clients].map(({ broker, sign, seal }) => [broker, sign, seal]);
  const runName = createHash('sha256').update(JSON.stringify(keys)).digest('hex').slice(0, 16);
  return { server, clients, runName };
}
