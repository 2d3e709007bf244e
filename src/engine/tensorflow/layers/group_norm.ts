// Shape legend: B batch, C channels, G groups, I channels of a group, P pixels
import type { GroupNorm } from '../../../models/layers.js';
import type { Handle, TensorScope } from '../tensors.js';
import { rememberLast, type LayerCompiler } from './layer.js';

/**
 * y = w n + b, where n = (x - mean) / sqrt(variance + epsilon) in each group. With s = sum of dy and t = sum of dy n over
 * the pixels of a channel: db = sum of s and dw = sum of t over the rows, and
 * dx = (w dy - mean of w s - n (mean of w t)) / sqrt(variance + epsilon), the means over all values of the group. Pixels are
 * summed before channels, since the channels lie last.
 */
export const compileGroupNorm: LayerCompiler<GroupNorm> = ({ numGroups, epsilon }, input) => {
  const [channels, height, width] = input;
  const numPixels = height * width;
  const inGroup = channels / numGroups;
  /** Mean of a group, for each of its channels, of sums over pixels [B, C] -> [B, 1, C] */
  const meanOfGroups = (t: TensorScope, sums_BC: Handle) => {
    const mean_BG1 = t.mean(t.reshape(sums_BC, [-1, numGroups, inGroup]), [2]);
    const ones = t.floats([1, 1, inGroup], new Float32Array(inGroup).fill(1 / numPixels));
    return t.reshape(t.multiply(mean_BG1, ones), [-1, 1, channels]);
  };
  return (t, x_BHWC, [weight_C, bias_C]) => {
    const pixelSums = (x_BPC: Handle) => t.sum(x_BPC, [1]);
    const x_BPC = t.reshape(x_BHWC, [-1, numPixels, channels]);
    const centred_BPC = t.subtract(x_BPC, meanOfGroups(t, pixelSums(x_BPC)));
    const variance_B1C = meanOfGroups(t, pixelSums(t.multiply(centred_BPC, centred_BPC)));
    const deviation_B1C = t.squareRoot(t.add(variance_B1C, t.scalar(epsilon)));
    const n_BPC = t.divide(centred_BPC, deviation_B1C);
    // Asked for twice with one gradient: of the input, and of the parameters.
    const channelSums = rememberLast((dy_BHWC: Handle) => {
      const dy_BPC = t.reshape(dy_BHWC, [-1, numPixels, channels]);
      return { dy_BPC, s_BC: pixelSums(dy_BPC), t_BC: pixelSums(t.multiply(dy_BPC, n_BPC)) };
    });
    return {
      y: t.reshape(t.add(t.multiply(n_BPC, weight_C), bias_C), [-1, height, width, channels]),
      inputGradient(dy_BHWC) {
        const { dy_BPC, s_BC, t_BC } = channelSums(dy_BHWC);
        const mean_B1C = meanOfGroups(t, t.multiply(s_BC, weight_C));
        const along_BPC = t.multiply(n_BPC, meanOfGroups(t, t.multiply(t_BC, weight_C)));
        const rest_BPC = t.subtract(t.subtract(t.multiply(dy_BPC, weight_C), mean_B1C), along_BPC);
        return t.reshape(t.divide(rest_BPC, deviation_B1C), [-1, height, width, channels]);
      },
      parameterGradients(dy_BHWC) {
        const { s_BC, t_BC } = channelSums(dy_BHWC);
        return [t.sum(t_BC, [0]), t.sum(s_BC, [0])];
      },
    };
  };
};
