import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { SetupError } from '../../../core/errors.js';
import { NAPI_VERSION, type Layout } from './layout.js';
import { lastLines, runTool } from './tool.js';

/**
 * The script of node-gyp: this project's own where it is installed for development, else the one inside the npm that came with the
 * running Node.js. Throws SetupError.
 */
export function findNodeGyp(): string {
  const global = join(dirname(process.execPath), '..', 'lib', 'node_modules');
  const script = join('node-gyp', 'bin', 'node-gyp.js');
  const candidates = [join(global, 'npm', 'node_modules', script), join(global, script)];
  try {
    candidates.unshift(createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error;
  }
  const found = candidates.find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new SetupError(
    'ERR_TENSORFLOW_TOOL',
    'Building the tensorflow engine needs node-gyp, which is neither installed here nor part of the npm beside ' +
      `${process.execPath}. Install it with \`npm install --global node-gyp\`, and run this again.`,
    { tool: 'node-gyp' },
  );
}

/** The folder whose `include/node` has the headers of the running Node.js; undefined where they did not come with it. */
export function findNodeHeaders(): string | undefined {
  const prefix = join(dirname(process.execPath), '..');
  return existsSync(join(prefix, 'include', 'node', 'node_api.h')) ? prefix : undefined;
}

/** Compiles the addon from `binding/` and `deps/` of the layout into its `lib/`. Throws SetupError with the compiler's last lines. */
export async function compileAddon(
  { root, addon }: Layout,
  nodeGyp: string,
  headers: string | undefined,
): Promise<void> {
  const variables = {
    module_name: 'tfjs_binding',
    module_path: relative(root, dirname(addon)),
    napi_build_version: NAPI_VERSION,
  };
  const outcome = await runTool(
    process.execPath,
    [
      ...[
        nodeGyp,
        'rebuild',
        '--loglevel=error',
        ...(headers === undefined ? [] : [`--nodedir=${headers}`]),
        '--',
      ],
      ...Object.entries(variables).map(([name, value]) => `-D${name}=${value}`),
    ],
    { cwd: root },
  );
  if (outcome?.isSuccess && existsSync(addon)) return;
  throw new SetupError(
    'ERR_TENSORFLOW_COMPILE',
    `node-gyp could not build the addon (${outcome?.end ?? 'Node.js has gone'}). Its last lines say why:` +
      (outcome ? lastLines(outcome) : ''),
  );
}
