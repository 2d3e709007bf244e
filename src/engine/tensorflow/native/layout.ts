import { join } from 'node:path';

/** The part of the addon's path that node-pre-gyp derives from the Node-API version, 8 in every Node.js since 12.22. */
export const NAPI_VERSION = 8;

/** Files and folders of the native part, under one folder: tfjs-node-gpu's own, or the one in which it is built. */
export interface Layout {
  readonly root: string;
  /** TensorFlow's libraries and headers; NVIDIA's libraries. The addon finds them by `../../deps/lib`. */
  readonly deps: string;
  readonly lib: string;
  readonly addon: string;
  /** Says what was built; whole only if the addon is there too. */
  readonly stamp: string;
}

export function layoutIn(root: string): Layout {
  const [deps, lib] = [join(root, 'deps'), join(root, 'lib')];
  return {
    root,
    deps,
    lib,
    addon: join(lib, `napi-v${NAPI_VERSION}`, 'tfjs_binding.node'),
    stamp: join(deps, 'bloom-split.json'),
  };
}

/** Where it is built, to be moved into place when it works. On the same file system, so that moving is renaming. */
export function stagingFolder(packageFolder: string): string {
  return join(packageFolder, 'bloom-split-staging');
}
