import { spawn } from 'node:child_process';

/** What a program left. */
export interface Outcome {
  readonly isSuccess: boolean;
  /** How it ended, for a message. */
  readonly end: string;
  /** What it wrote; empty where it was shown instead. */
  readonly stdout: string;
  readonly stderr: string;
}

export interface ToolOptions {
  readonly cwd?: string;
  /** Lets the user watch what it writes. */
  readonly isShown?: boolean;
}

/** Runs a program to its end; undefined where there is none of that name. */
export function runTool(
  program: string,
  args: readonly string[],
  { cwd, isShown = false }: ToolOptions = {},
): Promise<Outcome | undefined> {
  return new Promise((resolve, reject) => {
    const output = isShown ? 'inherit' : 'pipe';
    const child = spawn(program, args, { cwd, stdio: ['ignore', output, output] });
    let [stdout, stderr] = ['', ''];
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') resolve(undefined);
      else reject(error);
    });
    child.once('close', (exitCode, signal) => {
      const end = signal === null ? `exit code ${exitCode ?? 'unknown'}` : `signal ${signal}`;
      resolve({ isSuccess: exitCode === 0, end, stdout, stderr });
    });
  });
}

/** The end of what a failed program wrote, below a message. */
export function lastLines({ stdout, stderr }: Outcome): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-30)
    .map((line) => `\n  ${line}`)
    .join('');
}
