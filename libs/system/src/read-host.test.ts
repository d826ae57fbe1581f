import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, uptime } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HostReading } from './host-reading.ts';
import { countProcesses, metricsOf, readHost, type HostFacts } from './read-host.ts';

const GiB = 1024 ** 3;
const facts: HostFacts = {
  cpu: { busy: 123_456, all: 1_000_000 },
  memory: { total: 8 * GiB, active: 2 * GiB, swaptotal: 3 * GiB, swapused: GiB },
  disk: { bsize: 4096, blocks: 1_000, bfree: 700, bavail: 650 },
};

describe('metricsOf', () => {
  test('returns percentages with two digits, and bytes', () => {
    expect(metricsOf(facts)).toEqual({
      cpu_usage: 12.35,
      ram_usage: 25,
      swap_usage: 33.33,
      disk_usage: { total: 4_096_000, used: 1_228_800, free: 2_662_400, mount_point: '/' },
    });
  });
  test('returns a swap usage of 0 without swap', () => {
    const memory = { ...facts.memory, swaptotal: 0, swapused: 0 };
    expect(metricsOf({ ...facts, memory }).swap_usage).toBe(0);
  });
  test.each([
    [-10, 1_000, 0],
    [1_010, 1_000, 100],
    [0, 0, 0],
  ])('limits CPU counters of %d busy out of %d to %d percent', (busy, all, percent) => {
    expect(metricsOf({ ...facts, cpu: { busy, all } }).cpu_usage).toBe(percent);
  });
});

describe.runIf(process.platform === 'linux')('readHost', () => {
  test('agrees with the tools of the host', async () => {
    const { metrics, ...status } = HostReading.parse(await readHost());
    function kib(name: string) {
      return Number(new RegExp(`^${name}: +(\\d+) kB`, 'm').exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]);
    }
    expect(metrics.ram_usage).toBeCloseTo(100 * (1 - kib('MemAvailable') / kib('MemTotal')), -1);
    const swapUsed = kib('SwapTotal') - kib('SwapFree');
    expect(metrics.swap_usage).toBeCloseTo(swapUsed ? (100 * swapUsed) / kib('SwapTotal') : 0, -1);

    const df = execFileSync('df', ['-kP', '/'], { encoding: 'utf8' }).split('\n')[1]!.split(/ +/);
    expect(metrics.disk_usage).toMatchObject({ total: Number(df[1]) * 1024, mount_point: '/' });
    expect(metrics.disk_usage.used / GiB).toBeCloseTo((Number(df[2]) * 1024) / GiB, 0);
    expect(metrics.disk_usage.free / GiB).toBeCloseTo((Number(df[3]) * 1024) / GiB, 0);

    expect(Math.abs(status.uptime - uptime())).toBeLessThan(10);
    loadavg().forEach((load, i) => expect(Math.abs(status.load_average[i]! - load)).toBeLessThan(2));
    expect(status.process_count).toBeGreaterThan(1);
  });
  test('measures the CPU usage during the reading, not since the start', async () => {
    function ticks() {
      const times = cpus().map(({ times: { idle, ...busy } }) => [idle, ...Object.values(busy)]);
      const all = times.flat().reduce((sum, time) => sum + time);
      return { all, idle: times.reduce((sum, [idle]) => sum + idle!, 0) };
    }
    const before = ticks();
    const read = readHost();
    await pause(50);
    const end = performance.now() + 900;
    while (performance.now() < end);
    const { metrics } = await read;
    const after = ticks();
    const busy = 100 * (1 - (after.idle - before.idle) / (after.all - before.all));
    expect(Math.abs(metrics.cpu_usage - busy)).toBeLessThan(10);
  });
  test('counts processes without /proc', async () => {
    const counted = await countProcesses();
    expect(counted).toBeGreaterThan(1);
    expect(Math.abs((await countProcesses('/nowhere')) - counted)).toBeLessThan(counted);
  });
});
