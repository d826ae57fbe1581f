// Bundles every src/*main.ts of one project into dist/<project>/; npm packages stay in node_modules.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const project = process.argv[2];
if (!project) throw new Error('Usage: node tools/build.mjs <project folder>');

const source = join(project, 'src');
await build({
  entryPoints: readdirSync(source)
    .filter((file) => file.endsWith('main.ts'))
    .map((file) => join(source, file)),
  outdir: join('dist', project),
  tsconfig: 'tsconfig.base.json',
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
});
