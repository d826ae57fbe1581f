// Preloaded into the apps if BENCH_CPU_PROFILE is set: profiles the process until it
// is told to stop.
// `--cpu-prof` would do, but Node 20 does not allow it in NODE_OPTIONS.
import { mkdirSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector';
import { basename, dirname, join } from 'node:path';
import process from 'node:process';

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.start');

function writeProfile() {
  const folder = process.env['CPU_PROFILE_FOLDER'];
  if (!folder) return;
  const name = basename(dirname(process.argv[1] ?? 'node'));
  session.post('Profiler.stop', (error, result) => {
    if (error) throw new Error(error.message);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}-${process.pid}.cpuprofile`), JSON.stringify(result.profile));
  });
}

process.once('SIGTERM', writeProfile);
