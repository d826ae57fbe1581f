import { readdir, statfs } from 'node:fs/promises';
import { cpus, loadavg, uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { mem, processes, type Systeminformation } from 'systeminformation';
import type { HostMetrics, HostReading } from './host-reading.ts';

const MOUNT_POINT = '/';

/** CPU usage is measured over this time. */
const CPU_WINDOW_MS = 1_000;

/** CPU time, in any unit. */
interface CpuTimes {
  busy: number;
  all: number;
}

export interface HostFacts {
  cpu: CpuTimes;
  memory: Pick<Systeminformation.MemData, 'active' | 'total' | 'swapused' | 'swaptotal'>;
  disk: { bsize: number; blocks: number; bfree: number; bavail: number };
}

/**
 * Reads the host; takes one second. Starts no process, so of systeminformation it uses mem() only:
 * currentLoad() and fsSize() block the event loop to start a shell (20 ms in a process of 150 MB), `df` hangs
 * on dead network mounts, and slim images have no `ps`.
 */
export async function readHost(): Promise<HostReading> {
  const [cpu, memory, disk, processCount] = await Promise.all([
    measureCpus(),
    mem(),
    statfs(MOUNT_POINT),
    countProcesses(),
  ]);
  return {
    metrics: metricsOf({ cpu, memory, disk }),
    uptime: Math.floor(uptime()),
    load_average: loadavg().map(twoDigits),
    process_count: processCount,
  };
}

export function metricsOf({ cpu, memory, disk }: HostFacts): HostMetrics {
  return {
    cpu_usage: percentOf(cpu.busy, cpu.all),
    ram_usage: percentOf(memory.active, memory.total),
    swap_usage: percentOf(memory.swapused, memory.swaptotal),
    disk_usage: {
      total: disk.blocks * disk.bsize,
      used: (disk.blocks - disk.bfree) * disk.bsize,
      free: disk.bavail * disk.bsize,
      mount_point: MOUNT_POINT,
    },
  };
}

async function measureCpus(): Promise<CpuTimes> {
  const before = cpuTimes();
  await pause(CPU_WINDOW_MS);
  const after = cpuTimes();
  return { busy: after.busy - before.busy, all: after.all - before.all };
}

/** Totals since the host started. */
function cpuTimes(): CpuTimes {
  const times = cpus().map((cpu) => cpu.times);
  const all = sum(times.flatMap((time) => Object.values(time)));
  return { busy: all - sum(times.map(({ idle }) => idle)), all };
}

/** Counts the folders in /proc; without /proc runs `ps`. */
export function countProcesses(folder = '/proc'): Promise<number> {
  return readdir(folder).then(
    (names) => names.filter((name) => /^\d+$/.test(name)).length,
    async () => (await processes()).all,
  );
}

/** 0 to 100 with two digits; counters that are not read atomically may exceed the range slightly. */
function percentOf(part: number, whole: number): number {
  return whole > 0 ? twoDigits(Math.min(100, Math.max(0, (100 * part) / whole))) : 0;
}

const twoDigits = (value: number): number => Math.round(value * 100) / 100;

const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
