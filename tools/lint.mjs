// ESLint's boundary rule needs Nx's project graph, and without one says so and passes: so the graph is made first, and
// that message fails the lint.
import { spawnSync } from 'node:child_process';

const run = (file, args) =>
  spawnSync(process.execPath, [file, ...args], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const graph = run('node_modules/nx/dist/bin/nx.js', ['show', 'projects']);
if (graph.status !== 0) {
  console.error(`The project graph could not be made.\n${graph.stdout}${graph.stderr}`);
  process.exit(1);
}

const { status, stdout, stderr } = run('node_modules/eslint/bin/eslint.js', [
  '.',
  '--max-warnings=0',
  ...process.argv.slice(2),
]);
process.stdout.write(stdout);
process.stderr.write(stderr);
const isBlind = /No cached ProjectGraph/i.test(stdout + stderr);
if (isBlind) console.error('The module boundaries were not checked.');
process.exit(isBlind ? 1 : (status ?? 1));
