import { BloomError } from '../../core/errors.js';

/** Weights & Biases cannot be reached, or refuses: training does not care, and what was not sent can be sent later. */
export class WandbError extends BloomError {}
