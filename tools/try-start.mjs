// Tests `npm start` as a new user runs it: waits for the banner, runs the commands of the banner in a shell,
// finds the first CDR, stops it as Ctrl-C does, starts it again and finds the CDR again.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAX_RESTART_SECONDS = 10;
const MAX_STOP_SECONDS = 10;
/** The last command of the banner. */
const LAST_COMMAND = /curl [^\n]*\/cdrs\?call_id=[^\n]*\n/;

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function secondsSince(time) {
  return (performance.now() - time) / 1000;
}

/** Resolves when the banner is complete. */
function start(env) {
  const startedAt = performance.now();
  const child = spawn('npm', ['start'], {
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  async function stop() {
    const signaledAt = performance.now();
    process.kill(-child.pid, 'SIGINT');
    await exited;
    return secondsSince(signaledAt);
  }
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      output += text;
      if (LAST_COMMAND.test(output)) resolve({ output, stop, seconds: secondsSince(startedAt) });
    });
    void exited.then((code) => reject(new Error(`npm start ended with exit code ${code}`)));
  });
}

function runInShell(script) {
  return spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout;
}

const dataDir = mkdtempSync(join(tmpdir(), 'oriontel-start-'));
// The PostgreSQL of root runs as another user, which must be able to enter the folder.
chmodSync(dataDir, 0o711);
const env = { PORT: String(await freePort()), DATA_DIR: join(dataDir, 'data') };
try {
  const first = await start(env);
  const commands = first.output.split('\n').filter((line) => /^(PASSWORD=|TOKEN=|curl )/.test(line));
  const responses = runInShell(`${commands.join('\n')}\necho; echo "TOKEN=$TOKEN"`);
  if (!/"processed":1/.test(responses) || !/"call_id":"abc123-def456"/.test(responses))
    throw new Error(`The first CDR was not found:\n${responses}`);
  const token = /TOKEN=(\S+)/.exec(responses)[1];
  const firstStop = await first.stop();

  const second = await start(env);
  const found = runInShell(
    `curl -sS "http://127.0.0.1:${env.PORT}/cdrs?call_id=abc123-def456" -H "Authorization: Bearer ${token}"`,
  );
  if (!/"call_id":"abc123-def456"/.test(found))
    throw new Error(`The second start did not find the first CDR:\n${found}`);
  const slowestStop = Math.max(firstStop, await second.stop());
  if (slowestStop > MAX_STOP_SECONDS) throw new Error(`It took ${slowestStop.toFixed(1)} s to stop`);
  if (second.seconds > MAX_RESTART_SECONDS)
    throw new Error(`The second start was ready after ${second.seconds.toFixed(1)} s`);
  console.log(
    `ready after ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s, ` +
      `stopped within ${slowestStop.toFixed(1)} s`,
  );
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit(0);
