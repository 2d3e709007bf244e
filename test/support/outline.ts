import type { TrainEvent } from '../../src/core/events.js';

/** Events as lines: `step 0` is the first batch; the others tell the batches so far. */
export function outline(events: readonly TrainEvent[]): readonly string[] {
  return events.map((event) => {
    switch (event.type) {
      case 'step':
        return `step ${event.step} client ${event.client}`;
      case 'hand_over':
        return `hand_over ${event.from}-${event.to} after ${event.steps}`;
      case 'average':
        return `average of ${event.clients} at ${event.holder} after ${event.steps}`;
      case 'round':
        return `round ${event.round} after ${event.steps}`;
      case 'visit':
      case 'evaluation':
      case 'forgetting':
        return `${event.type} client ${event.client} after ${event.steps}`;
      default:
        return event satisfies never;
    }
  });
}
