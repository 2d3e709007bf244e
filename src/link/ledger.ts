import { flows, type Amount, type ClientTraffic, type Flow } from '../core/costs.js';
import type { Link } from './link.js';
import type { ActivationsMessage, TensorFrame } from './messages.js';

type Amounts = Record<Flow, Amount>;

interface Account {
  amounts: Amounts;
  roundTrips: number;
  /** Activations that were sent ahead: they count with the batch that they belong to. */
  ahead: readonly (readonly [Flow, Amount])[];
}

/**
 * Counts the frames that cross the links of a training, by client: those messages that carry buffers. At rest it holds exactly what
 * belongs to the batches that are trained.
 */
export class Ledger {
  readonly #accounts: readonly Account[];

  /** Goes on from what was counted before. */
  constructor(numClients: number, before?: readonly ClientTraffic[]) {
    this.#accounts = Array.from({ length: numClients }, (_, client) => ({
      amounts: { ...(before?.[client].flows ?? noAmounts()) },
      roundTrips: before?.[client].round_trips ?? 0,
      ahead: [],
    }));
  }

  /** By client. */
  get traffic(): readonly ClientTraffic[] {
    return this.#accounts.map(({ amounts, roundTrips }) => ({
      flows: { ...amounts },
      round_trips: roundTrips,
    }));
  }

  /** The same link, whose frames are counted here. */
  metered(link: Link): Link {
    const account = this.#accounts[link.client];
    const add = (flow: Flow, bytes: number, frames = 1) => {
      const before = account.amounts[flow];
      account.amounts[flow] = { frames: before.frames + frames, bytes: before.bytes + bytes };
    };
    const countAhead = (message: ActivationsMessage | null) => {
      account.ahead = message ? amountsOf(message) : [];
      return message;
    };
    const countBatch = () => {
      for (const [flow, { bytes, frames }] of account.ahead) add(flow, bytes, frames);
      account.ahead = [];
      account.roundTrips++;
    };
    return {
      ...link,
      startVisit: async (request) => countAhead(await link.startVisit(request)),
      async trainStep(request) {
        countBatch();
        // Before it is sent: then the buffer is gone.
        add('gradients_down', sizeOf(request.dz));
        return countAhead(await link.trainStep(request));
      },
      async backStep(request) {
        countBatch();
        add('activations_down', sizeOf(request.z));
        const reply = await link.backStep(request);
        add('gradients_up', sizeOf(reply.dz));
        return reply;
      },
      async testActivations(request) {
        const reply = await link.testActivations(request);
        account.roundTrips++;
        add('evaluation_up', sizeOf(reply.z) + bufferSize(reply.labels));
        return reply;
      },
      async testBack(request) {
        account.roundTrips++;
        add('evaluation_down', sizeOf(request.z));
        await link.testBack(request);
      },
      async sendHead(request) {
        const receipt = await link.sendHead(request);
        account.roundTrips++;
        add('hand_overs', receipt.sizeBytes);
        return receipt;
      },
      async averageHead(request) {
        const receipt = await link.averageHead(request);
        if (receipt.sent) {
          account.roundTrips++;
          add('hand_overs', receipt.sent.sizeBytes);
        }
        return receipt;
      },
    };
  }
}

/** Labels ride in the frame of the activations. */
function amountsOf({ z, labels }: ActivationsMessage): readonly (readonly [Flow, Amount])[] {
  return [
    ['activations_up', { frames: 1, bytes: sizeOf(z) }],
    ['labels_up', { frames: 0, bytes: bufferSize(labels) }],
  ];
}

/** Of what the other side sent, whatever that is: it is checked by who takes it. */
function sizeOf(frame: Partial<TensorFrame> | undefined): number {
  return bufferSize(frame?.data);
}

function bufferSize(data: unknown): number {
  return data instanceof ArrayBuffer ? data.byteLength : 0;
}

function noAmounts(): Amounts {
  return Object.fromEntries(flows.map((flow) => [flow, { frames: 0, bytes: 0 }])) as Amounts;
}
