import { once } from 'node:events';
import { spawnDetached } from '../process/spawn-detached.ts';
import { endApp } from '../supervise/end-app.ts';
import { forwardLines, type Print } from '../supervise/pretty-lines.ts';

/**
 * Applies the migrations with the program of every other deployment. @throws Error with its last error line.
 */
export async function migrate(options: {
  file: string;
  env: NodeJS.ProcessEnv;
  print: Print;
  signal: AbortSignal;
}): Promise<void> {
  const { file, env, print, signal } = options;
  const program = await spawnDetached(process.execPath, ['--enable-source-maps', file], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env,
  });
  let lastError = '';
  forwardLines(program.child.stdout!, (line) => print('migrate', line));
  forwardLines(program.child.stderr!, (line) => print('migrate', (lastError = line)));
  const onAbort = () => void endApp(program, 2_000);
  signal.addEventListener('abort', onAbort);
  await once(program.child, 'close');
  signal.removeEventListener('abort', onAbort);
  signal.throwIfAborted();
  if (program.child.exitCode !== 0) throw new Error(`The migrations failed. ${lastError}`);
}
