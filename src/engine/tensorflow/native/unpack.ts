import { mkdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../../../core/errors.js';
import { lastLines, runTool } from './tool.js';

/** What the addon needs of the wheels: two libraries, the headers of the C interface, NVIDIA's libraries, the licences. */
const WANTED = [
  'tensorflow/libtensorflow_cc.so.2',
  'tensorflow/libtensorflow_framework.so.2',
  'tensorflow/THIRD_PARTY_NOTICES.txt',
  'tensorflow/include/tensorflow/c/',
  'tensorflow/include/tensorflow/core/platform/ctstring',
  'tensorflow/include/tsl/platform/ctstring',
  'tensorflow/include/xla/tsl/c/',
  'nvidia/',
];

/** Python checks each file's CRC and lets none out of the folder, but forgets which are programs (ptxas is one). */
const UNZIP = `
import os, sys, zipfile
wheel, folder, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    for entry in archive.infolist():
        if entry.filename.startswith(tuple(wanted)) or '.dist-info/' in entry.filename:
            path = archive.extract(entry, folder)
            if entry.external_attr >> 16 & 0o111:
                os.chmod(path, 0o755)
`;

/** Unpacks from a wheel into `deps` what the addon is built from and loads. Throws SetupError. */
export async function unpackWheel(wheel: string, deps: string): Promise<void> {
  const outcome = await runTool('python3', ['-c', UNZIP, wheel, deps, ...WANTED]);
  if (!outcome?.isSuccess) {
    throw new SetupError(
      'ERR_TENSORFLOW_UNPACK',
      `Cannot unpack "${wheel}" into "${deps}" (${outcome?.end ?? 'python3 has gone'}). ` +
        `See that there is space, and run this again.${outcome ? lastLines(outcome) : ''}`,
      { wheel },
    );
  }
}

/**
 * Brings unpacked wheels into the form that binding.gyp expects: `deps/lib`, `deps/include`, and beside them `deps/nvidia`, where
 * the run path of TensorFlow's libraries, `$ORIGIN/../nvidia/NAME/lib`, looks for CUDA.
 */
export async function arrangeDeps(deps: string): Promise<void> {
  const [unpacked, lib] = [join(deps, 'tensorflow'), join(deps, 'lib')];
  await mkdir(lib);
  for (const [library, linkName] of [
    ['libtensorflow_cc.so.2', 'libtensorflow.so'],
    ['libtensorflow_framework.so.2', 'libtensorflow_framework.so'],
  ]) {
    await rename(join(unpacked, library), join(lib, library));
    await symlink(library, join(lib, linkName));
  }
  await rename(join(unpacked, 'include'), join(deps, 'include'));
  await rename(join(unpacked, 'THIRD_PARTY_NOTICES.txt'), join(deps, 'THIRD_PARTY_NOTICES.txt'));
  await rm(unpacked, { recursive: true });
}
