import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

interface ProcessTimes {
  parent: number;
  /** User and system time of the process and of its children that have ended. */
  ticks: number;
}

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Reads /proc/PID/stat of every process (proc(5), Linux). */
function readProcesses(): Map<number, ProcessTimes> {
  const processes = new Map<number, ProcessTimes>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    const fields = readStat(name);
    if (!fields) continue;
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index]), 0);
    processes.set(Number(name), { parent: Number(fields[1]), ticks });
  }
  return processes;
}

/** The fields after the command, which may contain spaces; null if the process has ended. */
function readStat(pid: string): string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return null;
  }
}

/** The process id of a process's parent, or null if it has ended. */
export function parentOf(pid: number): number | null {
  const fields = readStat(String(pid));
  return fields && Number(fields[1]);
}

function withDescendants(pid: number, processes: Map<number, ProcessTimes>): number[] {
  const children = [...processes].filter(([, { parent }]) => parent === pid);
  return [pid, ...children.flatMap(([child]) => withDescendants(child, processes))];
}

/** The ids of a process and its descendants. */
export function processTreeOf(pid: number): number[] {
  return withDescendants(pid, readProcesses());
}

/** CPU seconds since their start of these processes and their descendants, by name. */
export function readCpuSeconds(roots: Record<string, number>): Record<string, number> {
  const processes = readProcesses();
  function ticksOf(root: number): number {
    return withDescendants(root, processes).reduce((sum, pid) => sum + (processes.get(pid)?.ticks ?? 0), 0);
  }
  return Object.fromEntries(
    Object.entries(roots).map(([name, pid]) => [name, ticksOf(pid) / TICKS_PER_SECOND]),
  );
}

/** What was added between two readings, per record, in whole microseconds. */
export function cpuMicrosecondsEach(
  before: Record<string, number>,
  after: Record<string, number>,
  records: number,
): Record<string, number> {
  return Object.fromEntries(
    Object.keys(after).map((name) => [
      name,
      Math.round(((after[name]! - (before[name] ?? 0)) * 1e6) / records),
    ]),
  );
}
