import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

export type Script = {
  child: ChildProcess;
  output: () => string;
  waitForOutput: (words: string) => Promise<void>;
};

const repository = fileURLToPath(new URL('../../../..', import.meta.url));

/** Runs TypeScript in its own process, which is killed at the end of the test. */
export function runScript(source: string): Script {
  return watchOutput(
    spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', source], {
      cwd: repository,
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
}

export function watchOutput(child: ChildProcess): Script {
  let text = '';
  for (const stream of [child.stdout!, child.stderr!])
    stream.on('data', (chunk: Buffer) => (text += String(chunk)));
  onTestFinished(() => void child.kill('SIGKILL'));
  async function waitForOutput(words: string) {
    while (!text.includes(words)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`The process ended without the output "${words}": ${text}`);
      await Promise.race([once(child.stdout!, 'data'), once(child.stderr!, 'data'), once(child, 'exit')]);
    }
  }
  return { child, output: () => text, waitForOutput };
}
