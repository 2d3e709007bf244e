import { ProtocolError } from '../../core/errors.js';

/** Why a call is refused, in the order of their numbers in frames. */
const reasons = [
  {
    reason: 'gap',
    code: 'ERR_GAP',
    why: 'it does not follow the calls that the other side has had. Both sides must run the same version',
  },
  {
    reason: 'replaced',
    code: 'ERR_SESSION',
    why: 'another process has taken the place of this one. Only one may run for a party',
  },
  {
    reason: 'forgotten',
    code: 'ERR_SESSION',
    why: 'the process that had the calls before it is gone, and the one in its place knows nothing of them',
  },
] as const;

export type Refusal = (typeof reasons)[number]['reason'];

export function numberOfRefusal(refusal: Refusal): number {
  return reasons.findIndex(({ reason }) => reason === refusal);
}

/** The error of a call that was refused for the reason of this number. */
export function refusalError(number: number, subject: string): ProtocolError {
  const { code, why } = reasons.at(number) ?? {
    code: 'ERR_REFUSED',
    why: 'for a reason that this version does not know',
  };
  return new ProtocolError(code, `A call on "${subject}" was refused: ${why}.`, { subject });
}
