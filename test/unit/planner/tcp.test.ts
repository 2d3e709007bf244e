import { expect } from 'chai';
import { slowStartSeconds, wireBytes } from '../../../src/planner/tcp.js';

/** A packet takes 1.2 ms. */
const BYTES_PER_S = 1.25e6;
const ROUND_TRIP_S = 0.05;
const waitOf = (numPackets: number, roundTripS = ROUND_TRIP_S) =>
  slowStartSeconds(numPackets * 1448, BYTES_PER_S, roundTripS);

describe('wireBytes', () => {
  it('a packet of 1500 bytes carries 1448', () => {
    expect(wireBytes(2 * 1448)).to.equal(2 * 1500);
  });
});

describe('slowStartSeconds', () => {
  it('ten packets wait for nothing', () => {
    expect(waitOf(10)).to.equal(0);
  });

  it('an 11th waits for the acknowledgement of the first: a round trip and a packet, less the ten that are sent', () => {
    expect(waitOf(11)).to.be.closeTo(0.05 + 0.0012 - 0.012, 1e-12);
    expect(waitOf(30)).to.equal(waitOf(11));
  });

  it('a 31st waits once more, twice as many having been sent', () => {
    expect(waitOf(31)).to.be.closeTo(waitOf(11) + 0.05 + 0.0012 - 0.024, 1e-12);
  });

  it('nothing waits once a window fills the round trip', () => {
    // Windows of 10, 20 and 40 packets leave gaps; 80 packets take 96 ms.
    expect(waitOf(1000)).to.equal(waitOf(71));
    expect(waitOf(1000, 0.001)).to.equal(0);
  });
});
