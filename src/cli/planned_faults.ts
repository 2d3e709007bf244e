import { ConfigError } from '../core/errors.js';
import type { Fault, FaultWish } from '../link/faults.js';
import { LockStep } from '../server/lock_step.js';
import type { Turn } from '../server/schedule.js';
import type { Scheme } from '../server/schemes/scheme.js';
import { parcelsOf } from '../server/sharing/parcels.js';

/** The run in which faults are to happen. */
export interface FaultyRun {
  readonly scheme: Scheme;
  readonly schedule: readonly Turn[];
  readonly hasOwnTests: boolean;
  readonly seed: number;
  readonly numClients: number;
}

/** Faults by client and batch; a hand-over by the client that sends it. Throws ConfigError where one cannot happen. */
export function faultsOf(wishes: readonly FaultWish[], run: FaultyRun): readonly Fault[] {
  const parcels = parcelsOf(run.scheme, run);
  return wishes.map((wish): Fault => {
    const nothing = { step: -1, delayMs: 0, parcel: 'head' } as const;
    if (wish.kind === 'corrupt') {
      const parcel = parcels.at(wish.handOver - 1);
      if (parcel) return { ...nothing, kind: wish.kind, ...parcel };
    } else if (wish.kind === 'slow' ? wish.client < run.numClients : isTrained(run, wish.client, wish.step)) {
      return { ...nothing, ...wish };
    }
    throw new ConfigError(
      'ERR_CONFIG_VALUE',
      `\`chaos\` asks for ${JSON.stringify(wish)}, but this run has ${run.numClients} clients and ${parcels.length} hand-overs, ` +
        'and which client trains which batch its metrics.jsonl tells. Ask for a fault that can happen.',
    );
  });
}

function isTrained({ scheme, schedule, seed }: FaultyRun, client: number, step: number): boolean {
  const turn = schedule.find(({ firstStep, numSteps }) => firstStep <= step && step < firstStep + numSteps);
  if (!turn) return false;
  const lockStep = new LockStep(turn.visits, (clients, localStep) =>
    scheme.order(clients, { seed, round: turn.round, localStep }),
  );
  const { localStep } = lockStep.placeOf(step - turn.firstStep);
  return lockStep.stepOf(client, localStep) === step - turn.firstStep;
}
