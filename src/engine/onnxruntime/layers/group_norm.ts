// Shape legend: B batch, C channels, G groups, L values of a group, P pixels
import type { GroupNorm } from '../../../models/layers.js';
import type { LayerEmitter } from './emitter.js';

/**
 * y = w n + b, where n = (x - mean) / sqrt(variance + epsilon) in each group. With s = sum of dy and t = sum of dy n over
 * the pixels of a channel: db = sum of s and dw = sum of t over the rows, and
 * dx = (w dy - (sum of w s) / L - n (sum of w t) / L) / sqrt(variance + epsilon), summed over the channels of the group.
 */
export const emitGroupNorm: LayerEmitter<GroupNorm> = (g, layer, x_BCHW, [weight_C, bias_C], input) => {
  const [channels, height, width] = input;
  const { numGroups, epsilon } = layer;
  const inGroup = channels / numGroups;
  const numPixels = height * width;
  const perChannel = [channels, 1];

  const x_BGL = g.reshape(x_BCHW, [0, numGroups, inGroup * numPixels]);
  const centred_BGL = g.op('Sub', [x_BGL, g.mean(x_BGL, [2])]);
  const variance_BG1 = g.mean(g.op('Mul', [centred_BGL, centred_BGL]), [2]);
  const deviation_BG1 = g.keep(g.op('Sqrt', [g.op('Add', [variance_BG1, g.floats(epsilon)])]));
  const n_BGL = g.keep(g.op('Div', [centred_BGL, deviation_BG1]));
  const n_BCP = g.reshape(n_BGL, [0, channels, numPixels]);
  const weight_C1 = g.reshape(weight_C, perChannel);
  const y_BCP = g.op('Add', [g.op('Mul', [n_BCP, weight_C1]), g.reshape(bias_C, perChannel)]);
  return {
    y: g.reshape(y_BCP, [0, ...input]),
    backward(dy_BCHW, needsInputGradient) {
      const dy_BCP = g.reshape(dy_BCHW, [0, channels, numPixels]);
      const s_BC = g.sum(dy_BCP, 2);
      const t_BC = g.sum(g.op('Mul', [dy_BCP, n_BCP]), 2);
      const parameters = [g.sum(t_BC, 0), g.sum(s_BC, 0)];
      if (!needsInputGradient) return { parameters, dx: undefined };

      const meanOfGroup = (sums_BC: typeof s_BC) => {
        const weighted_BC = g.op('Mul', [sums_BC, weight_C]);
        const sum_BG1 = g.sum(g.reshape(weighted_BC, [0, numGroups, inGroup]), 2);
        return g.reshape(g.op('Mul', [sum_BG1, g.floats(1 / (inGroup * numPixels))]), [0, numGroups, 1]);
      };
      const dn_BGL = g.reshape(g.op('Mul', [dy_BCP, weight_C1]), [0, numGroups, inGroup * numPixels]);
      const along_BGL = g.op('Mul', [n_BGL, meanOfGroup(t_BC)]);
      const rest_BGL = g.op('Sub', [g.op('Sub', [dn_BGL, meanOfGroup(s_BC)]), along_BGL]);
      return { parameters, dx: g.reshape(g.op('Div', [rest_BGL, deviation_BG1]), [0, ...input]) };
    },
  };
};
