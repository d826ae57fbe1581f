import { readFile, writeFile } from 'node:fs/promises';

/** Restarts the measurement of a process's peak memory (Linux, proc(5) clear_refs). */
export function resetPeakMemory(pid: number): Promise<void> {
  return writeFile(`/proc/${pid}/clear_refs`, '5');
}

/** The peak resident memory of a process in MiB since the last reset. */
export async function peakMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)![1]) / 1024;
}
