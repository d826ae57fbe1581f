// Tries `npm start` as a new user does: waits for its banner, runs the banner's own commands in a shell, finds the first
// CDR again, stops it as Ctrl-C does, starts it a second time and finds the CDR still there.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

const fail = (message) => {
  throw new Error(message);
};

/** Starts it and resolves, once its banner is whole, with what it printed and how to stop it. */
const start = (env) =>
  new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn('npm', ['start'], {
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    const exited = new Promise((done) => child.once('exit', done));
    const stop = async () => {
      const told = performance.now();
      process.kill(-child.pid, 'SIGINT');
      await exited;
      return (performance.now() - told) / 1000;
    };
    child.stdout.setEncoding('utf8').on('data', (text) => {
      process.stdout.write(text);
      printed += text;
      if (/curl [^\n]*\/cdrs\?call_id=[^\n]*\n/.test(printed))
        resolve({ printed, stop, seconds: (performance.now() - began) / 1000 });
    });
    void exited.then((code) => reject(new Error(`npm start ended with ${code}`)));
  });

const bash = (script) => spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout;

const dataDir = mkdtempSync(join(tmpdir(), 'oriontel-start-'));
// Root's PostgreSQL runs as another user, who must pass through.
chmodSync(dataDir, 0o711);
const env = { PORT: String(await freePort()), DATA_DIR: join(dataDir, 'data') };
try {
  const first = await start(env);
  const commands = first.printed.split('\n').filter((line) => /^(PASSWORD=|TOKEN=|curl )/.test(line));
  const answer = bash(`${commands.join('\n')}\necho; echo "TOKEN=$TOKEN"`);
  if (!/"processed":1/.test(answer) || !/"call_id":"abc123-def456"/.test(answer))
    fail(`The first CDR was not found again:\n${answer}`);
  const token = /TOKEN=(\S+)/.exec(answer)[1];
  const stopped = await first.stop();
  const second = await start(env);
  const kept = bash(
    `curl -sS "http://127.0.0.1:${env.PORT}/cdrs?call_id=abc123-def456" -H "Authorization: Bearer ${token}"`,
  );
  if (!/"call_id":"abc123-def456"/.test(kept)) fail(`The second start did not find the first CDR:\n${kept}`);
  const stoppedAgain = await second.stop();
  const slowest = Math.max(stopped, stoppedAgain);
  if (slowest > 10) fail(`It took ${slowest.toFixed(1)} s to stop`);
  if (second.seconds > 10) fail(`The second start was ready after ${second.seconds.toFixed(1)} s`);
  console.log(
    `ready after ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s, stopped within ${slowest.toFixed(1)} s`,
  );
} finally {
  rmSync(dataDir, { recursive: true, force: true });
}
process.exit(0);
