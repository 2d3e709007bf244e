import { central } from './central.js';
import { local } from './local.js';
import { parallel } from './parallel.js';
import type { Scheme } from './scheme.js';
import { sequential } from './sequential.js';
import { splitfedV1 } from './splitfed_v1.js';
import { splitfedV2 } from './splitfed_v2.js';

/** Every scheme by the name that `mode` takes: adding one is adding its file and a line here. */
export const schemes = {
  sequential,
  parallel,
  splitfed_v1: splitfedV1,
  splitfed_v2: splitfedV2,
  central,
  local,
} satisfies Record<string, Scheme>;

export type Mode = keyof typeof schemes;
export const modes = Object.keys(schemes) as Mode[];
