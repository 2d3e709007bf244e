import { ConfigError } from '../core/errors.js';

/** Something that goes wrong on purpose at a client, once (slow: always). */
export interface Fault {
  readonly kind: 'kill' | 'hang' | 'slow' | 'corrupt' | 'nan';
  readonly client: number;
  /** The batch, or the hand-over after so many batches, at which it happens. */
  readonly step: number;
  /** What is corrupted on its way: a head, or a sum of heads. */
  readonly parcel: 'head' | 'sum';
  /** How much later a slow client answers. */
  readonly delayMs: number;
}

/** As a user writes it; a hand-over is given by its number, from 1. */
export type FaultWish =
  | { readonly kind: 'kill' | 'hang' | 'nan'; readonly client: number; readonly step: number }
  | { readonly kind: 'slow'; readonly client: number; readonly delayMs: number }
  | { readonly kind: 'corrupt'; readonly handOver: number };

const FORMS =
  'kill=client2@step100, hang=client2@step100, nan=client0@step50, slow=client1:200ms, corrupt=handover3';

/** Reads a comma-separated list of faults. Throws ConfigError. */
export function parseFaults(text: string): readonly FaultWish[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map(parseFault);
}

function parseFault(text: string): FaultWish {
  const atStep = /^(kill|hang|nan)=client(\d+)@step(\d+)$/.exec(text);
  if (atStep)
    return { kind: atStep[1] as 'kill' | 'hang' | 'nan', client: Number(atStep[2]), step: Number(atStep[3]) };
  const slow = /^slow=client(\d+):(\d+)ms$/.exec(text);
  if (slow) return { kind: 'slow', client: Number(slow[1]), delayMs: Number(slow[2]) };
  const corrupt = /^corrupt=handover([1-9]\d*)$/.exec(text);
  if (corrupt) return { kind: 'corrupt', handOver: Number(corrupt[1]) };
  throw new ConfigError(
    'ERR_CONFIG_VALUE',
    `\`chaos\` has "${text}", but a comma-separated list of faults was expected, such as ${FORMS}. Correct it there.`,
  );
}
