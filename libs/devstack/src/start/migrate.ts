import { once } from 'node:events';
import { spawnDetached } from '../process/spawn-detached.ts';
import { endApp } from '../supervise/end-app.ts';
import { forwardLines, type Print } from '../supervise/pretty-lines.ts';

/** Brings the database up to date by the program every other deployment uses. Rejects with its last words. */
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
  let lastWords = '';
  forwardLines(program.child.stdout!, (line) => print('migrate', line));
  forwardLines(program.child.stderr!, (line) => print('migrate', (lastWords = line)));
  const onAbort = () => void endApp(program, 2_000);
  signal.addEventListener('abort', onAbort);
  await once(program.child, 'close');
  signal.removeEventListener('abort', onAbort);
  signal.throwIfAborted();
  if (program.child.exitCode !== 0)
    throw new Error(`The database could not be brought up to date. ${lastWords}`);
}
