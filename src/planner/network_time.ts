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
const upFlows = ['activations_up', 'labels_up', 'gradients_up', 'evaluation_up', 'hand_over'] as const;
const downFlows = ['activations_down', 'gradients_down', 'evaluation_down'] as const;

/**
 * Seconds on the line: bits up / rate + bits down / rate + round trips x their time; of clients one after the other the sum,
 * of clients side by side the longest. A hand-over goes up from the client that sends it.
 */
export function secondsOnLine(
  clients: readonly ClientTraffic[],
  { upMbitPerS, downMbitPerS, roundTripMs }: NetworkLine,
  areSideBySide: boolean,
): number {
  const seconds = clients.map(({ amounts, roundTrips }) => {
    const bits = (some: readonly Flow[]) => 8 * some.reduce((sum, flow) => sum + bytesOf(amounts[flow]), 0);
    const up = bits(upFlows) / (upMbitPerS * BITS_PER_MBIT);
    const down = bits(downFlows) / (downMbitPerS * BITS_PER_MBIT);
    return up + down + (roundTrips * roundTripMs) / 1000;
  });
  return areSideBySide ? Math.max(...seconds) : seconds.reduce((sum, each) => sum + each, 0);
}
