// Measures the development loop: seconds from saving a file until the restarted processes are ready again.
// Starts `npm run dev` on a data folder of its own; every edited file is restored.
// Usage: node tools/dev/measure.mjs [rounds]
import { spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const ROUNDS = Number(process.argv[2] ?? 5);
const TIMEOUT_MS = 180_000;
const ALL_APPS = ['gateway', 'worker', 'eventlog-worker', 'gateway-monitor'];

/** The processes that a change of each file must restart. */
const CASES = [
  { file: 'apps/cdr-worker/src/main.ts', restarts: ['worker'] },
  { file: 'apps/eventlog-worker/src/main.ts', restarts: ['eventlog-worker'] },
  { file: 'apps/gateway-monitor/src/main.ts', restarts: ['gateway-monitor'] },
  { file: 'apps/api-gateway/src/main.ts', restarts: ['gateway'] },
  { file: 'libs/database/src/index.ts', restarts: ALL_APPS },
];

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

const dataDir = mkdtempSync(join(tmpdir(), 'oriontel-dev-'));
chmodSync(dataDir, 0o711);
const startedAt = performance.now();
const child = spawn('npm', ['run', '--silent', 'dev'], {
  env: { ...process.env, PORT: String(await freePort()), DATA_DIR: dataDir, NO_COLOR: '1' },
  detached: true,
  stdio: ['ignore', 'pipe', 'inherit'],
});
const exited = new Promise((resolve) => child.once('exit', resolve));
let output = '';
child.stdout.setEncoding('utf8').on('data', (text) => (output += text));

async function waitFor(condition, description) {
  const deadline = performance.now() + TIMEOUT_MS;
  while (!condition()) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`${description}: not within ${TIMEOUT_MS / 1_000} s\n${output}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function restartedSince(offset) {
  return [...output.slice(offset).matchAll(/INFO: restarted .*?"process":"([\w-]+)"/g)].map(
    ([, name]) => name,
  );
}

async function measure({ file, restarts }) {
  const original = readFileSync(file, 'utf8');
  const seconds = [];
  try {
    for (let round = 1; round <= ROUNDS; round += 1) {
      const offset = output.length;
      const savedAt = performance.now();
      writeFileSync(file, `${original}\nglobalThis.devLoopRound = ${round};\n`);
      await waitFor(() => restartedSince(offset).length >= restarts.length, `restart after saving ${file}`);
      seconds.push((performance.now() - savedAt) / 1_000);
      const restarted = restartedSince(offset).sort();
      if (restarted.join() !== restarts.toSorted().join())
        throw new Error(`${file} restarted ${restarted.join()}`);
    }
  } finally {
    const offset = output.length;
    writeFileSync(file, original);
    await waitFor(() => restartedSince(offset).length >= restarts.length, `restart after restoring ${file}`);
  }
  return seconds.sort((a, b) => a - b);
}

try {
  await waitFor(() => output.includes('watching for changes'), 'npm run dev');
  console.log(`npm run dev: ready after ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
  for (const testCase of CASES) {
    const seconds = await measure(testCase);
    const median = seconds[Math.floor(seconds.length / 2)];
    console.log(
      `${testCase.file}: ${testCase.restarts.length} restarted, ` +
        `median ${median.toFixed(2)} s, slowest ${seconds.at(-1).toFixed(2)} s`,
    );
  }
} finally {
  process.kill(-child.pid, 'SIGINT');
  await exited;
  rmSync(dataDir, { recursive: true, force: true });
}
