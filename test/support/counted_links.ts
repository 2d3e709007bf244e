import type { Link } from '../../src/link/link.js';
import type { ActivationsMessage } from '../../src/link/messages.js';
import type { Flow } from '../../src/planner/frames.js';
import type { Amount } from '../../src/planner/traffic.js';

type Counts = Map<Flow, Amount>;

/** Links that count the buffers of what passes, by client and kind, before they are moved on. */
export function countedLinks(links: readonly Link[]): { links: readonly Link[]; counts: readonly Counts[] } {
  const counts = links.map((): Counts => new Map());
  const counted = links.map((link, client): Link => {
    const add = (flow: Flow, bytes: number, frames = 1) => {
      const before = counts[client].get(flow) ?? { frames: 0, bytes: 0 };
      counts[client].set(flow, { frames: before.frames + frames, bytes: before.bytes + bytes });
    };
    const countUp = <T extends ActivationsMessage | null>(message: T): T => {
      if (message) {
        add('activations_up', message.z.data.byteLength);
        add('labels_up', message.labels.byteLength, 0);
      }
      return message;
    };
    return {
      ...link,
      startVisit: async (request) => countUp(await link.startVisit(request)),
      trainStep: async (request) => {
        add('gradients_down', request.dz.data.byteLength);
        return countUp(await link.trainStep(request));
      },
      testActivations: async (request) => {
        const message = await link.testActivations(request);
        add('evaluation_up', message.z.data.byteLength + message.labels.byteLength);
        return message;
      },
      sendHead: async (request) => {
        const receipt = await link.sendHead(request);
        add('hand_over', receipt.sizeBytes);
        return receipt;
      },
    };
  });
  return { links: counted, counts };
}
