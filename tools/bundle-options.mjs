// How a program is bundled: workspace packages are included, npm packages stay external.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/** The entry points of a project: its `src/*main.ts`. */
export function entryPointsOf(project) {
  const source = join(project, 'src');
  return readdirSync(source)
    .filter((file) => file.endsWith('main.ts'))
    .map((file) => join(source, file));
}

export const BUNDLE_OPTIONS = {
  bundle: true,
  plugins: [{ name: 'external-npm-packages', setup: markNpmPackagesExternal }],
  platform: 'node',
  target: 'node20.19',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
};

function markNpmPackagesExternal(bundler) {
  bundler.onResolve({ filter: /^[^./]/ }, ({ path, kind }) =>
    kind === 'entry-point' || path.startsWith('@oriontel/') ? undefined : { path, external: true },
  );
}
