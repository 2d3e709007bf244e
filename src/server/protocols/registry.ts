import type { Scheme } from '../schemes/scheme.js';
import { alone } from './alone.js';
import { labelSharing } from './label_sharing.js';
import type { Protocol } from './protocol.js';
import { uShaped } from './u_shaped.js';

/** How clients and server of a scheme talk. */
export function protocolOf(scheme: Scheme, isUShaped: boolean, numClasses: number): Protocol {
  if (scheme.tails === 'none') return alone(numClasses);
  return isUShaped ? uShaped(numClasses) : labelSharing;
}
