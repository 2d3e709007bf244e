import { textOf, type Comparison, type Settings } from '../../comparison/comparison.js';
import { heatScheme, palette } from '../theme.js';

const shapes = ['circle', 'square', 'triangle-up', 'diamond', 'cross', 'triangle-down'] as const;

type Sweep = Comparison['sweeps'][number];

/** A key with one value tells no cells apart. */
const toldApart = ({ sweeps }: Comparison) => sweeps.filter(({ values }) => values.length > 1);

/** How points tell cells apart: the first key of several values by colour, the second by shape, the others by a text. */
export interface CellMarks {
  readonly color: object;
  readonly shape: object;
  /** What colour and shape leave open; empty where they leave nothing. */
  labelOf(settings: Settings): string;
  /** `colour: n_workers, shape: cut`, for a caption. */
  readonly key: string;
}

export function cellMarks(comparison: Comparison): CellMarks {
  const sweeps = toldApart(comparison);
  const [first, second, others] = [sweeps.at(0), sweeps.at(1), sweeps.slice(2)];
  const hasShape = second !== undefined && second.values.length <= shapes.length;
  const labelled = hasShape || second === undefined ? others : [second, ...others];
  const labelOf = (settings: Settings) =>
    labelled
      .map(({ key }) => (labelled.length === 1 ? textOf(settings[key]) : `${key} ${textOf(settings[key])}`))
      .join(', ');
  const parts = [
    ...(first === undefined ? [] : [`colour: ${first.key}`]),
    ...(hasShape ? [`shape: ${second.key}`] : []),
    ...(labelled.length === 0 ? [] : [`text: ${labelled.map(({ key }) => key).join(', ')}`]),
  ];
  return {
    color: first === undefined ? { value: palette[0] } : colorOf(first),
    shape: hasShape ? shapeOf(second) : { value: shapes[0] },
    labelOf,
    key: parts.join(', '),
  };
}

function colorOf({ key, values }: Sweep) {
  const domain = values.map(textOf);
  const isFew = domain.length <= palette.length;
  return {
    field: 'first',
    type: 'nominal',
    // The scale's bright end does not stand out on white.
    scale: isFew
      ? { domain, range: palette.slice(0, domain.length) }
      : { domain, scheme: { name: heatScheme, extent: [0, 0.9] } },
    legend: { title: key, symbolType: 'circle' },
  };
}

function shapeOf({ key, values }: Sweep) {
  const domain = values.map(textOf);
  return {
    field: 'second',
    type: 'nominal',
    scale: { domain, range: shapes.slice(0, domain.length) },
    legend: { title: key },
  };
}

/** Fields of a point that `color` and `shape` ask for. */
export function fieldsOf(comparison: Comparison, settings: Settings): object {
  const [first, second] = toldApart(comparison).map(({ key }) => textOf(settings[key]));
  return { first, second };
}
