/** SGD as torch.optim.SGD: g' = g + weightDecay w; m' = momentum m + g'; w' = w - lr m'. */
export interface SgdOptions {
  readonly name: 'sgd';
  readonly lr: number;
  readonly momentum: number;
  readonly weightDecay: number;
}

/**
 * Adam as torch.optim.Adam (Kingma and Ba, arXiv 1412.6980, with the decay added to the gradient): g' = g + weightDecay w;
 * m' = beta1 m + (1 - beta1) g'; v' = beta2 v + (1 - beta2) g'^2;
 * w' = w - lr / (1 - beta1^t) m' / (sqrt(v' / (1 - beta2^t)) + epsilon).
 */
export interface AdamOptions {
  readonly name: 'adam';
  readonly lr: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
}

export type OptimizerOptions = SgdOptions | AdamOptions;

/** What an optimiser remembers of the steps before. */
export interface OptimizerState {
  /** Steps made so far. */
  readonly step: number;
  /** One vector as long as the parameters per slot: SGD the momentum; Adam the first and second moment. */
  readonly slots: readonly Float32Array<ArrayBuffer>[];
}

/** The state before the first step. */
export function freshOptimizerState({ name }: OptimizerOptions, size: number): OptimizerState {
  return { step: 0, slots: Array.from({ length: numSlots[name] }, () => new Float32Array(size)) };
}

/** Number of vectors each optimiser keeps. */
export const numSlots = { sgd: 1, adam: 2 } as const satisfies Record<OptimizerOptions['name'], number>;

/**
 * The numbers that the formulas need at a step, which counts from 1. SGD: lr, momentum, weightDecay. Adam: lr / (1 - beta1^t),
 * beta1, 1 - beta1, beta2, 1 - beta2, 1 / sqrt(1 - beta2^t), epsilon, weightDecay.
 */
export function hyperparameters(options: OptimizerOptions, step: number): Float32Array<ArrayBuffer> {
  switch (options.name) {
    case 'sgd':
      return Float32Array.of(options.lr, options.momentum, options.weightDecay);
    case 'adam': {
      const { lr, beta1, beta2, epsilon, weightDecay } = options;
      return Float32Array.of(
        lr / (1 - beta1 ** step),
        beta1,
        1 - beta1,
        beta2,
        1 - beta2,
        1 / Math.sqrt(1 - beta2 ** step),
        epsilon,
        weightDecay,
      );
    }
    default:
      return options satisfies never;
  }
}
