import { expect } from 'chai';
import type { Flow } from '../../../src/planner/frames.js';
import { secondsOnLine, type NetworkLine } from '../../../src/planner/network_time.js';
import { FRAME_HEADER_BYTES, TrafficTally } from '../../../src/planner/traffic.js';

/** A packet of 1500 bytes, of which 1448 are payload, takes 1.5 ms up and 0.75 ms down. */
const line: NetworkLine = { name: 'test', upMbitPerS: 8, downMbitPerS: 16, roundTripMs: 100 };
const PAYLOAD = 1448;

/** So many packets in one frame, its header included. */
function traffic(...packetsOfClients: readonly (readonly [flow: Flow, numPackets: number])[]) {
  const tally = new TrafficTally(packetsOfClients.length);
  for (const [client, [flow, numPackets]] of packetsOfClients.entries())
    tally.add(client, flow, { frames: 1, bytes: numPackets * PAYLOAD - FRAME_HEADER_BYTES });
  return tally;
}

describe('secondsOnLine', () => {
  it('8 Mbit/s carry 1000 packets up in 1.5 s, 16 down in half of that, headers included', () => {
    const seconds = (flow: Flow) => secondsOnLine(traffic([flow, 1000]).clients, line, false);
    for (const flow of ['activations_up', 'gradients_up', 'evaluation_up'] as const)
      expect(seconds(flow), flow).to.be.closeTo(1.5, 1e-9);
    for (const flow of ['activations_down', 'gradients_down', 'evaluation_down'] as const)
      expect(seconds(flow), flow).to.be.closeTo(0.75, 1e-9);
  });

  it('labels go up with activations', () => {
    const tally = traffic(['activations_up', 1000]);
    tally.add(0, 'labels_up', { frames: 0, bytes: 2 * PAYLOAD });
    expect(secondsOnLine(tally.clients, line, false)).to.be.closeTo(1.503, 1e-9);
  });

  it('adds the time of every round trip', () => {
    const tally = traffic(['gradients_down', 1000]);
    tally.addRoundTrips(0, 5);
    expect(secondsOnLine(tally.clients, line, false)).to.be.closeTo(0.75 + 0.5, 1e-9);
  });

  it('adds a round trip a visit, and the slow start each way of what is larger than ten packets', () => {
    const tally = new TrafficTally(1);
    for (const [flow, numPackets] of [
      ['activations_up', 11],
      ['gradients_down', 10],
    ] as const)
      tally.add(0, flow, { frames: 1, bytes: numPackets * PAYLOAD - FRAME_HEADER_BYTES });
    const sent = 11 * 0.0015 + 10 * 0.00075;
    expect(secondsOnLine(tally.clients, line, false)).to.be.closeTo(sent, 1e-9);
    tally.addVisit(0);
    tally.addVisit(0);
    // Ten packets of 1.5 ms are out before the first is acknowledged, 100 ms after it was sent.
    const wait = 0.1 + 0.0015 - 10 * 0.0015;
    expect(secondsOnLine(tally.clients, line, false)).to.be.closeTo(sent + 2 * (0.1 + wait), 1e-9);
  });

  it('the largest message of a visit may be the head that comes before', () => {
    const tally = new TrafficTally(2);
    tally.addHandOver(0, 11 * PAYLOAD - FRAME_HEADER_BYTES);
    const handOver = 11 * (0.0015 + 0.00075) + 0.2;
    tally.addVisit(1);
    const waits = 0.1 + 0.0015 - 10 * 0.0015 + 0.1 + 0.00075 - 10 * 0.00075;
    expect(secondsOnLine(tally.clients, line, false)).to.be.closeTo(handOver + 0.1 + waits, 1e-9);
  });

  it('adds hand-overs, which are never side by side: the bytes up and down, and two round trips', () => {
    const tally = new TrafficTally(2);
    for (const client of [0, 1]) tally.addHandOver(client, 1000 * PAYLOAD - FRAME_HEADER_BYTES);
    for (const isSideBySide of [false, true])
      expect(secondsOnLine(tally.clients, line, isSideBySide)).to.be.closeTo(2 * (2.25 + 0.2), 1e-9);
  });

  it('of clients one after the other the sum, side by side the longest', () => {
    const { clients } = traffic(['activations_up', 1000], ['activations_up', 3000]);
    expect(secondsOnLine(clients, line, false)).to.be.closeTo(6, 1e-9);
    expect(secondsOnLine(clients, line, true)).to.be.closeTo(4.5, 1e-9);
  });
});
