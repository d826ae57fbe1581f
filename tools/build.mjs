// Bundles every src/*main.ts of one project into dist/<project>/. Workspace packages are bundled, npm packages stay external.
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
  bundle: true,
  plugins: [{ name: 'external-npm-packages', setup: markNpmPackagesExternal }],
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
});

function markNpmPackagesExternal(bundler) {
  bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === 'entry-point' || path.startsWith('@oriontel/') ? undefined : { path, external: true },
  );
}
