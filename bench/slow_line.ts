import { networkLines } from '../src/planner/network_time.js';
import { readJson, removeFolders } from '../test/support/e2e_command.js';
import { openHosts } from '../test/support/hosts.js';
import { openNetwork, whyNoNetwork } from '../test/support/network.js';
import type { RunSummary } from '../src/report/sink.js';

/**
 * Client hosts, each behind the planner's line "4G"; broker and server on a line without limits. argv: TCP's congestion control, and
 * options of `serve`. Prints what the epochs took.
 */
const NUM_CLIENTS = 2;
const [congestionControl, ...args] = process.argv.slice(2);
const why = whyNoNetwork();
if (why !== undefined) throw new Error(`No network can be made here: ${why}`);
const line = networkLines.find(({ name }) => name === '4G');
if (!line) throw new Error('The planner has no line "4G" any more.');
const { upMbitPerS, downMbitPerS, roundTripMs } = line;
const fast = { delayMs: 0, loss: 0, upMbit: 0, downMbit: 0 };
const slow = { delayMs: roundTripMs / 2, loss: 0, upMbit: upMbitPerS, downMbit: downMbitPerS };
const clientLines = Array.from({ length: NUM_CLIENTS }, () => slow);
const network = await openNetwork([fast, fast, ...clientLines], congestionControl);
const hosts = await openHosts(NUM_CLIENTS, {
  brokerAddress: network.addresses[0],
  on: (party) => (command) =>
    network.on(typeof party === 'number' ? 2 + party : party === 'broker' ? 0 : 1, command),
});
try {
  for (let client = 0; client < NUM_CLIENTS; client++) hosts.join(client);
  const options = ['--n-workers', String(NUM_CLIENTS), '--plots', 'false', '--forgetting', 'off'];
  const { stdout, stderr, exitCode } = await hosts.serve([...options, ...args]).end;
  process.stdout.write(stdout);
  if (exitCode !== 0) throw new Error(stderr);
  const summary = readJson(`${hosts.runDirectory()}/summary.json`) as unknown as RunSummary;
  const { training, hand_over } = summary.phase_seconds;
  process.stdout.write(`${JSON.stringify(summary)}\n`);
  process.stdout.write(`training and hand-overs, all epochs: ${(training + hand_over).toFixed(2)} s\n`);
} finally {
  await hosts.close();
  await network.close();
  removeFolders();
}
