import { basename } from 'node:path';
import { SetupError } from '../../../core/errors.js';
import { lastLines, runTool, type Outcome } from './tool.js';

/** A program that applies a patch in its working folder, forward or in reverse, or only tries. */
type PatchTool = (
  file: string,
  folder: string,
  isReverse: boolean,
  isTrial: boolean,
) => Promise<Outcome | undefined>;

/** Refuses every line that does not match, so it comes first. */
const gitApply: PatchTool = (file, cwd, isReverse, isTrial) =>
  runTool('git', ['apply', ...flag(isReverse, '--reverse'), ...flag(isTrial, '--check'), file], { cwd });

const gnuPatch: PatchTool = (file, cwd, isReverse, isTrial) =>
  runTool(
    'patch',
    // Forced: otherwise it takes an applied patch for one to be undone.
    [
      '-p1',
      '--fuzz=0',
      '--force',
      ...flag(isReverse, '--reverse'),
      ...flag(isTrial, '--dry-run'),
      '-i',
      file,
    ],
    { cwd },
  );

function flag(isSet: boolean, name: string): string[] {
  return isSet ? [name] : [];
}

/**
 * Applies a patch to the source in a folder, with git or else patch, or sees that it is applied already. Throws SetupError where it
 * is neither.
 */
export async function applyPatch(file: string, folder: string): Promise<'applied' | 'was applied already'> {
  const tool = (await runTool('git', ['--version'])) ? gitApply : gnuPatch;
  const outcome = await tool(file, folder, false, true);
  if (outcome?.isSuccess) {
    await tool(file, folder, false, false);
    return 'applied';
  }
  if ((await tool(file, folder, true, true))?.isSuccess) return 'was applied already';
  throw new SetupError(
    'ERR_TENSORFLOW_PATCH',
    `${basename(file)} does not fit the source of the installed @tensorflow/tfjs-node-gpu, which is of another version or was ` +
      `changed. Install it afresh (npm ci), and run this again.${outcome ? lastLines(outcome) : ''}`,
    { file },
  );
}
