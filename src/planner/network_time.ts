import type { Flow } from './frames.js';
import { slowStartSeconds, wireBytes } from './tcp.js';
import { bytesOf, totalAmounts, type Amounts, type ClientTraffic } from './traffic.js';

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

const BYTES_PER_MBIT = 1e6 / 8;
const MS_PER_S = 1000;
const upFlows = ['activations_up', 'gradients_up', 'evaluation_up'] as const;
const downFlows = ['activations_down', 'gradients_down', 'evaluation_down'] as const;
/** The server asks both clients, the head goes up and down, and the receiver tells that it came: half a round trip each. */
const HAND_OVER_ROUND_TRIPS = 2;

/**
 * Seconds on the line: packets up / rate + packets down / rate + round trips x their time; of clients one after the other the sum,
 * of clients side by side the longest. Every visit has a round trip more, which asks for its first batch, and its line was idle
 * before: each way TCP starts slowly, until the largest message fits. Hand-overs go up one line and down another, always one after
 * the other; of sums of heads a round trip too many is counted. The acknowledgements of TCP are left out.
 */
export function secondsOnLine(
  clients: readonly ClientTraffic[],
  { upMbitPerS, downMbitPerS, roundTripMs }: NetworkLine,
  areSideBySide: boolean,
): number {
  const roundTripS = roundTripMs / MS_PER_S;
  const up: Way = { flows: upFlows, bytesPerS: upMbitPerS * BYTES_PER_MBIT };
  const down: Way = { flows: downFlows, bytesPerS: downMbitPerS * BYTES_PER_MBIT };
  const handOver = messageBytes(totalAmounts(clients), 'hand_overs');
  const withServer = clients.map(({ amounts, roundTrips, visits }) => {
    const numTrips = roundTrips - amounts.hand_overs.frames + visits;
    const ways = [up, down].map(({ flows, bytesPerS }) => {
      const bytes = sum(flows.map((flow) => amounts[flow].frames * messageBytes(amounts, flow)));
      const largest = Math.max(handOver, ...flows.map((flow) => messageBytes(amounts, flow)));
      return wireBytes(bytes) / bytesPerS + visits * slowStartSeconds(largest, bytesPerS, roundTripS);
    });
    return sum(ways) + numTrips * roundTripS;
  });
  const numHandOvers = sum(clients.map(({ amounts }) => amounts.hand_overs.frames));
  const ways = [up, down].map(({ bytesPerS }) => wireBytes(handOver) / bytesPerS);
  const handOvers = numHandOvers * (sum(ways) + HAND_OVER_ROUND_TRIPS * roundTripS);
  return (areSideBySide ? Math.max(...withServer) : sum(withServer)) + handOvers;
}

interface Way {
  readonly flows: readonly Flow[];
  readonly bytesPerS: number;
}

/** Of a frame of this flow, on average; labels ride with activations. */
function messageBytes(amounts: Amounts, flow: Flow): number {
  const { frames } = amounts[flow];
  if (frames === 0) return 0;
  const labels = flow === 'activations_up' ? amounts.labels_up.bytes : 0;
  return (bytesOf(amounts[flow]) + labels) / frames;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
