import type { Flow } from './frames.js';
import { bytesOf, type ClientTraffic } from './traffic.js';

/** A line between a client and everybody else. */
export interface NetworkLine {
  readonly name: string;
  /** Of a client. */
  readonly upMbitPerS: number;
  readonly downMbitPerS: number;
  readonly roundTripMs: number;
}

/** Lines for which times are given; 4G as it is in the field, not as its standard has it. */
export const networkLines: readonly NetworkLine[] = [
  { name: '1 Gbit/s', upMbitPerS: 1000, downMbitPerS: 1000, roundTripMs: 0.5 },
  { name: '100 Mbit/s', upMbitPerS: 100, downMbitPerS: 100, roundTripMs: 5 },
  { name: '4G', upMbitPerS: 10, downMbitPerS: 30, roundTripMs: 50 },
];

const BITS_PER_MBIT = 1e6;
const upFlows = ['activations_up', 'labels_up', 'gradients_up', 'evaluation_up'] as const;
const downFlows = ['activations_down', 'gradients_down', 'evaluation_down'] as const;

/**
 * Seconds on the line: bits up / rate + bits down / rate + round trips x their time; of clients one after the other the sum,
 * of clients side by side the longest. Hand-overs go up from the client that sends them, always one after the other.
 */
export function secondsOnLine(
  clients: readonly ClientTraffic[],
  { upMbitPerS, downMbitPerS, roundTripMs }: NetworkLine,
  areSideBySide: boolean,
): number {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const upSeconds = (bytes: number) => (8 * bytes) / (upMbitPerS * BITS_PER_MBIT);
  const withServer = clients.map(({ amounts, roundTrips }) => {
    const bytes = (some: readonly Flow[]) => sum(some.map((flow) => bytesOf(amounts[flow])));
    const down = (8 * bytes(downFlows)) / (downMbitPerS * BITS_PER_MBIT);
    const numTrips = roundTrips - amounts.hand_overs.frames;
    return upSeconds(bytes(upFlows)) + down + (numTrips * roundTripMs) / 1000;
  });
  const handOvers = clients.map(
    ({ amounts: { hand_overs: moved } }) => upSeconds(bytesOf(moved)) + (moved.frames * roundTripMs) / 1000,
  );
  return (areSideBySide ? Math.max(...withServer) : sum(withServer)) + sum(handOvers);
}
