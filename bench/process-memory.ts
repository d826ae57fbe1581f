import { readFile, writeFile } from 'node:fs/promises';
import { processTreeOf } from './cpu-time.ts';

/** Restarts the measurement of a process's peak memory (Linux, proc(5) clear_refs). */
export function resetPeakMemory(pid: number): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The peak resident memory of a process in MiB since the last reset. */
export async function peakMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}

/** Memory of a process and its descendants, shared pages counted in parts (Linux, proc(5) smaps_rollup). */
export async function pssMebibytes(pid: number): Promise<number> {
  const sizes = await Promise.all(
    processTreeOf(pid).map(async (process) => {
      const rollup = await readFile(`/proc/${process}/smaps_rollup`, 'utf8').catch(() => '');
      return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) / 1024;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
