// Shape legend: B batch, C channels, H W picture, h w output, k window side
import type { MaxPool2d } from '../../../models/layers.js';
import type { Handle, TensorScope } from '../tensors.js';
import type { LayerCompiler } from './layer.js';

/**
 * A tournament: within each row of a window neighbours play and the left one wins ties, then the rows' champions play and
 * the upper one wins ties, so that the winner is the first maximum of its window in row-major order, and backward sends the
 * gradient to it alone, on every device. (TensorFlow's MaxPoolGrad searches each window again, several times slower on a CPU,
 * and cuDNN does not say which of several maxima gets the gradient.)
 */
export const compileMaxPool2d: LayerCompiler<MaxPool2d> = ({ kernelSize: k }, [channels, height, width]) => {
  const h = Math.floor(height / k);
  const w = Math.floor(width / k);
  const isCropped = h * k !== height || w * k !== width;
  return (t, x_BHWC) => {
    const cropped = isCropped ? t.crop(x_BHWC, [-1, h * k, w * k, channels]) : x_BHWC;
    const rowChampion = play(t, t.split(t.reshape(cropped, [-1, k, channels]), k, 1));
    const champion = play(t, t.split(t.reshape(rowChampion.value, [-1, k, w * channels]), k, 1));
    return {
      y: t.reshape(champion.value, [-1, h, w, channels]),
      inputGradient(dy_BhwC) {
        const dRows = t.concat(champion.backward(t.reshape(dy_BhwC, [-1, 1, w * channels])), 1);
        const dColumns = t.concat(rowChampion.backward(t.reshape(dRows, [-1, 1, channels])), 1);
        const dx = t.reshape(dColumns, [-1, h * k, w * k, channels]);
        return isCropped ? t.padEnd(dx, [0, height - h * k, width - w * k, 0]) : dx;
      },
    };
  };
};

interface Champion {
  readonly value: Handle;
  /** Gradients of the contenders, in their order. */
  backward(dy: Handle): readonly Handle[];
}

function play(t: TensorScope, contenders: readonly Handle[]): Champion {
  if (contenders.length === 1) return { value: contenders[0], backward: (dy) => [dy] };
  const middle = Math.ceil(contenders.length / 2);
  const first = play(t, contenders.slice(0, middle));
  const second = play(t, contenders.slice(middle));
  return {
    value: t.maximum(first.value, second.value),
    backward(dy) {
      // max(a, b) = a + relu(b - a): b gets the gradient where it is larger, a gets what is left.
      const dySecond = t.reluGradient(dy, t.subtract(second.value, first.value));
      return [...first.backward(t.subtract(dy, dySecond)), ...second.backward(dySecond)];
    },
  };
}
