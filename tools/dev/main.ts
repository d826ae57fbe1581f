// `npm run dev`: the whole system from sources. A change is bundled into .dev/ and restarts the processes
// whose program it changed. INSPECT=9229 opens inspector ports: gateway 9229, worker 9230, eventlog-worker
// 9231, gateway-monitor 9232.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { formatMessages } from 'esbuild';
import { appFiles, runStack, type AppName, type AppSupervisor, type Log } from '@oriontel/devstack';
import { createProgramBuilder, type BuildResult } from './program-builder.ts';
import { watchSources } from './watch-sources.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const distDir = fileURLToPath(new URL('../../.dev/', import.meta.url));
const files = appFiles(distDir);

const builder = await createProgramBuilder(root, distDir);
const { errors } = await builder.buildAll();
if (errors.length) {
  console.error(await formatErrors(errors));
  process.exit(1);
}
// From Node 22 on, the compile cache shortens restarts.
const env = { NODE_COMPILE_CACHE: join(distDir, 'compile-cache'), ...process.env };
await runStack({ env, distDir, onReady: startWatching });
process.exit();

function startWatching(apps: AppSupervisor, log: Log): void {
  async function rebuild(changedFiles: Set<string>): Promise<void> {
    const startedAt = performance.now();
    const { changed, errors } = await builder.rebuild(changedFiles);
    if (errors.length) log.error(`build failed; the processes keep running\n${await formatErrors(errors)}`);
    // Not awaited: a process that crashes at start must not delay the next change, which may repair it.
    for (const name of processesOf(changed)) void restart(name, startedAt);
  }
  async function restart(name: AppName, startedAt: number): Promise<void> {
    log.info({ process: name }, 'restarting');
    try {
      await apps.restart(name);
      log.info({ process: name, ms: Math.round(performance.now() - startedAt) }, 'restarted');
    } catch (err) {
      log.warn({ process: name, reason: (err as Error).message }, 'restart did not complete');
    }
  }
  watchSources(root, ['apps', 'libs'], rebuild).then(
    () => log.info({ folders: ['apps', 'libs'] }, 'watching for changes'),
    (err: unknown) => log.error({ err }, 'cannot watch for changes'),
  );
}

/** Programs of libraries run as worker threads of the gateway; the migrations run only at start. */
function processesOf(changedFiles: string[]): AppName[] {
  const names = Object.keys(files) as AppName[];
  return names.filter((name) =>
    changedFiles.some(
      (file) =>
        file === files[name] ||
        (name === 'gateway' && file.includes('/libs/') && !file.endsWith('/migrate.main.js')),
    ),
  );
}

async function formatErrors(errors: BuildResult['errors']): Promise<string> {
  return (await formatMessages(errors, { kind: 'error', color: process.stdout.isTTY })).join('');
}
