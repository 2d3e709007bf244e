import { basename } from 'node:path';
import { bytesWithHeaders, flows, totalTraffic } from '../../core/costs.js';
import type { TrainEvent } from '../../core/events.js';
import type { RunSummary, Sink } from '../sink.js';
import { EventFile, type Clock } from './event_file.js';
import type { SummaryValue } from './event_proto.js';
import { factsTable } from './facts_table.js';
import { markdown, scalar } from './summary_values.js';

/**
 * A new event file for TensorBoard in `folder`: curves over batches as they come, the run's facts as text, the results at
 * the end. `now` gives the wall time of every point.
 */
export function tensorboardSink(folder: string, now: Clock = Date.now): Sink {
  let file: EventFile | undefined;
  let startLength = 0;
  const nameOf = ({ name }: EventFile) => `${basename(folder)}/${name}`;
  return {
    name: 'the TensorBoard event file',
    isEssential: false,
    start(info) {
      file = new EventFile(folder, now);
      file.write(0, [markdown('config', factsTable(info))]);
      startLength = file.length;
    },
    event(event) {
      const values = valuesOf(event);
      if (values.length > 0) file?.write(event.type === 'step' ? event.step : event.steps, values);
      if (event.type === 'visit' || event.type === 'round') file?.flush();
    },
    lengths: () => (file ? { [nameOf(file)]: file.length } : {}),
    rewind({ lengths }) {
      if (file) file.cutBack(lengths[nameOf(file)] ?? startLength);
    },
    end(summary) {
      file?.write(summary.steps, resultsOf(summary));
      file?.flush();
    },
    close() {
      file?.close();
    },
  };
}

function valuesOf(event: TrainEvent): readonly SummaryValue[] {
  switch (event.type) {
    case 'step':
      return [
        scalar('train/loss', event.loss),
        scalar('train/accuracy', event.accuracy),
        scalar(`client_${event.client}/loss`, event.loss),
      ];
    case 'evaluation':
      return [
        scalar('test/loss', event.loss),
        scalar('test/accuracy', event.accuracy),
        scalar('test/weighted_f1', event.weighted_f1),
      ];
    case 'forgetting':
      return [scalar('forgetting/mean_class_accuracy', meanOfKnown(event.class_accuracy))];
    case 'visit':
    case 'hand_over':
    case 'average':
    // Its test is an evaluation too.
    case 'round':
      return [];
    default:
      return event satisfies never;
  }
}

function meanOfKnown(values: readonly (number | null)[]): number {
  const known = values.filter((value) => value !== null);
  return known.reduce((sum, value) => sum + value, 0) / known.length;
}

/** The final head and tail, and each client's test at the end of its last visit. */
function resultsOf(summary: RunSummary): readonly SummaryValue[] {
  const { loss, accuracy, weighted_f1, macro_f1, micro_average_precision } = summary;
  const results = { loss, accuracy, weighted_f1, macro_f1, micro_average_precision };
  const overall = Object.entries(results).map(([name, value]) => scalar(`summary/${name}`, value));
  const byClient = summary.clients.flatMap(({ client, accuracy, weighted_f1 }) =>
    accuracy === null || weighted_f1 === null
      ? []
      : [
          scalar(`summary/client_${client}/accuracy`, accuracy),
          scalar(`summary/client_${client}/weighted_f1`, weighted_f1),
        ],
  );
  return [...overall, ...byClient, ...costsOf(summary)];
}

/** In bytes with headers, and seconds; of all clients, by kind, and by client. */
function costsOf({ traffic, repeated_bytes, compute_seconds: spent }: RunSummary): readonly SummaryValue[] {
  const { bytes_up, bytes_down, bytes_between_clients, messages, round_trips } = traffic;
  const { client_compute, client_waiting, server_compute, server_waiting } = spent;
  const costs = {
    ...{ bytes_up, bytes_down, bytes_between_clients, messages, round_trips, repeated_bytes },
    ...{ client_compute, client_waiting, server_compute, server_waiting },
    ...Object.fromEntries(flows.map((flow) => [`bytes/${flow}`, bytesWithHeaders([traffic.flows[flow]])])),
  };
  const byClient = traffic.clients.flatMap((client, number) => {
    const { bytes_up: up, bytes_down: down, bytes_between_clients: between } = totalTraffic([client]);
    const { compute, waiting } = spent.clients[number];
    const ofClient = { bytes_up: up, bytes_down: down, bytes_between_clients: between, compute, waiting };
    return Object.entries(ofClient).map(([name, value]) => scalar(`summary/client_${number}/${name}`, value));
  });
  return [...Object.entries(costs).map(([name, value]) => scalar(`summary/${name}`, value)), ...byClient];
}
