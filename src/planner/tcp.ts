/** Of a packet 52 bytes are headers: IPv4 20, TCP 20 and its timestamps 12 (RFC 7323). */
const PACKET_BYTES = 1500;
const PAYLOAD_BYTES = PACKET_BYTES - 52;
/** Packets that a connection sends before it hears of the first (RFC 6928). */
const FIRST_WINDOW = 10;

/** Bytes of packets that carry so many bytes. */
export function wireBytes(bytes: number): number {
  return (bytes / PAYLOAD_BYTES) * PACKET_BYTES;
}

/**
 * Seconds that a message waits for acknowledgements on a connection that was idle, and so begins anew (RFC 5681, 3.1 and 4.1): its
 * windows double, and after each but the last the line is silent for max(0, T + S / R - w S / R), with T the round trip, S the
 * bytes of a packet, R the line's, w the window (Kurose and Ross, "Computer Networking", on the delay of slow start).
 */
export function slowStartSeconds(bytes: number, bytesPerS: number, roundTripS: number): number {
  const numPackets = Math.ceil(bytes / PAYLOAD_BYTES);
  const packetS = PACKET_BYTES / bytesPerS;
  let seconds = 0;
  let sent = 0;
  for (let window = FIRST_WINDOW; sent + window < numPackets; window *= 2) {
    seconds += Math.max(0, roundTripS + packetS - window * packetS);
    sent += window;
  }
  return seconds;
}
