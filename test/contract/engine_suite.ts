import type { Engine } from '../../src/engine/engine.js';
import { compilerOf } from '../support/segments.js';
import { describeFailures } from './engine/failures.js';
import { describeGradients } from './engine/gradients.js';
import { describeOptimizers } from './engine/optimizers.js';
import { describeReference } from './engine/reference.js';
import { describeSegments } from './engine/segments.js';
import { describeSplit } from './engine/split.js';
import { describeTrainedModels } from './engine/trained_models.js';

/**
 * What every engine must do, whatever its kernels: exact where small whole numbers make float32 exact, or where the same
 * program runs twice on the same numbers; within a tolerance where the order of a sum may differ.
 */
export function describeEngine(name: string, load: () => Promise<Engine>): void {
  describe(`engine ${name}`, () => {
    const compile = compilerOf(load);
    describeGradients(compile);
    describeReference(compile);
    describeTrainedModels(compile);
    describeOptimizers(compile);
    describeSplit(compile);
    describeSegments(compile);
    describeFailures(compile, load);
  });
}
