import { ProtocolError } from '../../core/errors.js';
import type { ClassificationReport } from '../../core/evaluation.js';
import type { Position } from '../../link/messages.js';
import type { TestRows } from './protocol.js';

type Fields = Readonly<Record<string, unknown>>;

/** The report of a test that a client tells. Throws ProtocolError where it cannot be one of these rows and so many classes. */
export function toldReport(
  report: ClassificationReport,
  client: number,
  { step }: Position,
  { numRows, numClasses }: Pick<TestRows, 'numRows'> & { readonly numClasses: number },
): ClassificationReport {
  if (isReport(report, numRows, numClasses)) return report;
  throw new ProtocolError(
    'ERR_REPORT',
    `Client ${client} told a test after step ${step} that cannot be: finite scores of ${numRows} rows in ${numClasses} classes were expected.`,
    { client, step },
  );
}

function isReport(value: unknown, numRows: number, numClasses: number): boolean {
  const { rows, loss, classes, confusion, curves, ...rest } = fieldsOf(value);
  const { accuracy, weighted_f1, macro_f1, micro_average_precision } = rest;
  const perClass = fieldsOf(curves).classes;
  return (
    rows === numRows &&
    Number.isFinite(loss) &&
    [accuracy, weighted_f1, macro_f1, micro_average_precision].every(isShare) &&
    isListOf(classes, numClasses, isClassScore) &&
    isListOf(confusion, numClasses, (row) => isListOf(row, numClasses, isCount)) &&
    isListOf(perClass, numClasses, (curve) => curve === null || isCurve(curve)) &&
    isCurve(fieldsOf(curves).micro)
  );
}

function isClassScore(value: unknown, label: number): boolean {
  const { class: own, support, precision, recall, f1, average_precision } = fieldsOf(value);
  return (
    own === label &&
    isCount(support) &&
    [precision, recall, f1].every(isShare) &&
    (average_precision === null || isShare(average_precision))
  );
}

/** It ends at recall 1: there every class with rows is found. */
function isCurve(value: unknown): boolean {
  const { recall, precision } = fieldsOf(value);
  if (!Array.isArray(recall) || recall.at(-1) !== 1) return false;
  return isListOf(recall, recall.length, isShare) && isListOf(precision, recall.length, isShare);
}

function isListOf(
  value: unknown,
  length: number,
  isEntry: (entry: unknown, index: number) => boolean,
): boolean {
  // `every` would pass over holes.
  return Array.isArray(value) && value.length === length && [...(value as unknown[])].every(isEntry);
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** From 0 to 1, but for what rounding adds to a mean. */
function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && value <= 1 + 1e-9;
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}
