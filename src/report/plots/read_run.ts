import { open } from 'node:fs/promises';
import type { Evaluations } from '../../core/evaluation.js';
import type { RoundEvent, StepEvent, VisitEvent } from '../../core/events.js';
import { DataError, messageOf } from '../../core/errors.js';
import { readRequiredFile } from '../../core/files.js';
import { runFiles } from '../run_directory.js';
import type { RunSummary } from '../sink.js';
import type { RunOption, RunRecord, SchemeText } from './run_record.js';
import {
  evaluationsShape,
  eventShape,
  eventShapes,
  summaryShape,
  wrongCosts,
  wrongSize,
} from './run_shapes.js';
import { misfit, type Shape } from './shape.js';

const FINISHED_RUN = 'a file of a finished run: give a directory that `train` made and finished';

/**
 * Reads what a run directory tells; `options` are those of its configuration. Throws DataError where a file is missing,
 * damaged, or of another version.
 */
export async function readRun(
  runDirectory: string,
  options: readonly RunOption[],
  scheme: SchemeText,
): Promise<RunRecord> {
  const files = runFiles(runDirectory);
  const { summary, evaluations } = await readOutcome(runDirectory);
  const events = await readEvents(files.metrics);
  if (events.losses.length !== summary.steps)
    throw damaged(files.metrics, `it has ${events.losses.length} steps, but ${summary.steps} were trained`);
  if (events.visits.at(-1)?.steps !== summary.steps)
    throw damaged(files.metrics, 'its last visit does not end with the last step');
  return { scheme, summary, evaluations, options, ...events };
}

/** What came of a finished run, without its course. Throws DataError as `readRun` does. */
export async function readOutcome(runDirectory: string): Promise<Pick<RunRecord, 'summary' | 'evaluations'>> {
  const files = runFiles(runDirectory);
  const summary = (await readJson(files.summary, summaryShape)) as RunSummary;
  const wrong = wrongCosts(summary);
  if (wrong !== null) throw damaged(files.summary, wrong);
  const evaluations = (await readJson(files.evaluation, evaluationsShape)) as Evaluations;
  const problem = wrongSize(evaluations, summary.clients.length);
  if (problem !== null) throw damaged(files.evaluation, problem);
  return { summary, evaluations };
}

async function readJson(path: string, shape: Shape): Promise<unknown> {
  const bytes = await readRequiredFile(path, FINISHED_RUN);
  const damage = (problem: string) => damaged(path, problem);
  return fitting(parsed(new TextDecoder().decode(bytes), damage), shape, damage);
}

type Damage = (problem: string) => DataError;

function parsed(text: string, damage: Damage): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw damage('it is not JSON');
  }
}

/** The value, which has the shape. */
function fitting(value: unknown, shape: Shape, damage: Damage): unknown {
  const problem = misfit(value, shape);
  if (problem !== null) throw damage(problem);
  return value;
}

/** Line by line, since a long run has many; of each step only the loss and the client are kept. */
async function readEvents(
  path: string,
): Promise<Pick<RunRecord, 'losses' | 'stepClients' | 'visits' | 'rounds'>> {
  const losses: number[] = [];
  const stepClients: number[] = [];
  const visits: VisitEvent[] = [];
  const rounds: RoundEvent[] = [];
  let numLines = 0;
  let last = '';
  const damage = (problem: string) => damaged(path, `line ${numLines}: ${problem}`);
  for await (const line of linesOf(path)) {
    numLines++;
    const event = parsed(line, damage);
    last = (fitting(event, eventShape, damage) as { type: string }).type;
    if (last === 'step') {
      const { step, loss, client } = fitting(event, eventShapes.step, damage) as StepEvent;
      if (step !== losses.length) throw damage(`step ${step} where ${losses.length} was due`);
      losses.push(loss);
      stepClients.push(client);
    } else if (last === 'visit') visits.push(fitting(event, eventShapes.visit, damage) as VisitEvent);
    else if (last === 'round') rounds.push(fitting(event, eventShapes.round, damage) as RoundEvent);
  }
  if (last !== 'summary') throw damage('it ends before the summary');
  return { losses, stepClients, visits, rounds };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    const file = await open(path);
    try {
      yield* file.readLines();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new DataError(
      'ERR_READ',
      `Cannot read "${path}": ${messageOf(error)}. It should be ${FINISHED_RUN}.`,
      { path },
      { cause: error },
    );
  }
}

function damaged(path: string, problem: string): DataError {
  return new DataError(
    'ERR_RUN_FILE',
    `"${path}" is damaged, or of another version of bloom-split: ${problem}. Copy the run directory again, or draw it with ` +
      'the version that made it.',
    { path },
  );
}
