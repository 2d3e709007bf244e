import { expect } from 'chai';
import type { Flow } from '../../../src/planner/frames.js';
import { secondsOnLine, type NetworkLine } from '../../../src/planner/network_time.js';
import { FRAME_HEADER_BYTES, TrafficTally } from '../../../src/planner/traffic.js';

const line: NetworkLine = { name: 'test', upMbitPerS: 8, downMbitPerS: 16, roundTripMs: 100 };

/** So many bytes in one frame, its header included. */
function traffic(...bytesOfClients: readonly (readonly [flow: Flow, bytes: number])[]) {
  const tally = new TrafficTally(bytesOfClients.length);
  for (const [client, [flow, bytes]] of bytesOfClients.entries())
    tally.add(client, flow, { frames: 1, bytes: bytes - FRAME_HEADER_BYTES });
  return tally;
}

describe('secondsOnLine', () => {
  it('8 Mbit/s carry a megabyte up in a second, 16 two down, headers included', () => {
    const up = (flow: Flow) => secondsOnLine(traffic([flow, 1e6]).clients, line, false);
    for (const flow of ['activations_up', 'labels_up', 'gradients_up', 'evaluation_up'] as const)
      expect(up(flow), flow).to.equal(1);
    for (const flow of ['activations_down', 'gradients_down', 'evaluation_down'] as const)
      expect(up(flow), flow).to.equal(0.5);
  });

  it('adds the time of every round trip', () => {
    const tally = traffic(['gradients_down', 1e6]);
    tally.addRoundTrips(0, 5);
    expect(secondsOnLine(tally.clients, line, false)).to.equal(1);
  });

  it('adds hand-overs, which are never side by side: the bytes up, and a round trip', () => {
    const tally = new TrafficTally(2);
    for (const client of [0, 1]) tally.addHandOver(client, 1e6 - FRAME_HEADER_BYTES);
    for (const isSideBySide of [false, true])
      expect(secondsOnLine(tally.clients, line, isSideBySide)).to.be.closeTo(2.2, 1e-9);
  });

  it('of clients one after the other the sum, side by side the longest', () => {
    const { clients } = traffic(['activations_up', 1e6], ['activations_up', 3e6]);
    expect(secondsOnLine(clients, line, false)).to.equal(4);
    expect(secondsOnLine(clients, line, true)).to.equal(3);
  });
});
