import { existsSync, readFileSync } from 'node:fs';

/**
 * MiB that a process and its descendants hold now, memory that several share divided among them (PSS); undefined where the
 * system does not tell.
 */
export function proportionalMemoryMib(pid: number | undefined): number | undefined {
  const file = `/proc/${pid}/smaps_rollup`;
  if (!existsSync(file)) return undefined;
  try {
    const own = Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1]) / 1024;
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean);
    return children.reduce((sum, child) => sum + (proportionalMemoryMib(Number(child)) ?? 0), own);
  } catch (error) {
    // It ended between one look and the next.
    if (['ESRCH', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}
