/** What a recommendation looks at. */
export interface Candidate {
  readonly clientFlop: number;
  readonly serverFlop: number;
  readonly sendsRows: boolean;
  /** Of one row of training. */
  readonly upBytes: number;
  readonly downBytes: number;
}

export interface Recommendation {
  /** Number of the candidate. */
  readonly index: number;
  readonly reason: string;
}

/** At most this share of a step is the client's. */
const CLIENT_SHARE = 0.5;

/**
 * Of the cuts behind a layer that is not linear (before it activations are rows in another form), and with at most half of
 * the arithmetic on the client, the one with the fewest bytes; of several such, the one with the least work for the client.
 * Where no cut leaves the client so little, the one that leaves it least; where all are linear, they compete among themselves.
 */
export function recommendCut(candidates: readonly Candidate[]): Recommendation {
  const numbered = candidates.map((candidate, index) => ({
    ...candidate,
    index,
    rowBytes: candidate.upBytes + candidate.downBytes,
  }));
  const hiding = numbered.filter(({ sendsRows }) => !sendsRows);
  const eligible = hiding.length > 0 ? hiding : numbered;
  const which =
    hiding.length > 0
      ? 'of the cuts behind a layer that is not linear (before it activations are the rows in another form)'
      : 'of all cuts, every one of which sends a linear function of the rows, from which they can be had back';
  const light = eligible.filter(
    ({ clientFlop, serverFlop }) => clientFlop <= CLIENT_SHARE * (clientFlop + serverFlop),
  );
  if (light.length > 0) {
    const [{ index }] = light.toSorted((a, b) => a.rowBytes - b.rowBytes || a.clientFlop - b.clientFlop);
    return { index, reason: `fewest bytes ${which} that leave the client at most half of the work` };
  }
  const [{ index }] = eligible.toSorted((a, b) => a.clientFlop - b.clientFlop || a.rowBytes - b.rowBytes);
  return { index, reason: `least work for the client ${which}; none leaves it half of the work or less` };
}
