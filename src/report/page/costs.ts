import {
  bytesWithHeaders,
  flows,
  totalTraffic,
  type ClientSeconds,
  type ClientTraffic,
} from '../../core/costs.js';
import type { RunRecord } from '../plots/run_record.js';
import { html, type Html } from './html.js';
import { count, formatSize, plural, seconds } from './numbers.js';
import { table, type Row } from './tables.js';

/** Clients that are shown without being asked for. */
const SHOWN_CLIENTS = 20;

const columns = [
  'sent up',
  'sent down',
  'to other clients',
  'messages',
  'round trips',
  'computing',
  'waiting',
];

/** What the run cost each client, the network and the server. */
export function costSection({ summary }: Pick<RunRecord, 'summary'>): Html {
  const { traffic, compute_seconds: spent, repeated_bytes: repeated } = summary;
  const clients = traffic.clients.map((client, number) =>
    row(`client ${number}`, [client], spent.clients[number]),
  );
  const inAll: readonly Row[] = [
    {
      ...row('all clients', traffic.clients, {
        compute: spent.client_compute,
        waiting: spent.client_waiting,
      }),
      isAll: true,
    },
    {
      head: 'server',
      numbers: ['', '', '', '', '', seconds(spent.server_compute), seconds(spent.server_waiting)],
    },
  ];
  const areShown = clients.length <= SHOWN_CLIENTS;
  return html`<p class="quiet">
      Bytes of everything that was sent, tests too, with ${traffic.header_bytes} of header a message; what
      goes to another client counts for the one that sends it. Times are of training: who waits has its turn,
      and has nothing to
      compute.${repeated === 0 ? '' : ` Not in it: ${formatSize(repeated)} for batches that were trained again after the loss of a client.`}
    </p>
    ${table(['who', ...columns], areShown ? [...clients, ...inAll] : inAll)}
    ${areShown ? '' : details(`Each of ${plural(clients.length, 'client')}`, table(['who', ...columns], clients))}
    ${details('Bytes by kind', kindTable(summary))}`;
}

function row(head: string, clients: readonly ClientTraffic[], { compute, waiting }: ClientSeconds): Row {
  const { bytes_up, bytes_down, bytes_between_clients, messages, round_trips } = totalTraffic(clients);
  return {
    head,
    numbers: [
      ...[bytes_up, bytes_down, bytes_between_clients].map(formatSize),
      ...[messages, round_trips].map(count),
      ...[compute, waiting].map(seconds),
    ],
  };
}

function kindTable({ traffic }: RunRecord['summary']): Html {
  return table(
    ['kind', 'messages', 'with headers', 'bytes'],
    flows.map((flow) => {
      const amount = traffic.flows[flow];
      return {
        head: flow.replaceAll('_', ' '),
        numbers: [count(amount.frames), formatSize(bytesWithHeaders([amount])), count(amount.bytes)],
      };
    }),
  );
}

function details(summary: string, content: Html): Html {
  return html`<details>
    <summary>${summary}</summary>
    ${content}
  </details>`;
}
