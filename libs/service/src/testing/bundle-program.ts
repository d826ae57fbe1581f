import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PluginBuild } from 'esbuild';

/** Inside node_modules, so that the bundle finds the npm packages that it imports. */
const BUNDLE_DIR = fileURLToPath(
  new URL('../../../../node_modules/.cache/oriontel-test-programs/', import.meta.url),
);

/**
 * Bundles a TypeScript entry point as tools/build.mjs does and returns the path of the JavaScript file: a
 * worker thread cannot load TypeScript, and a unit test does not depend on a build. The name contains a hash
 * of the content, so concurrent test processes share one file.
 */
export async function bundleProgram(entry: URL | string): Promise<string> {
  const { build } = await import('esbuild');
  const source = fileURLToPath(entry);
  const { outputFiles } = await build({
    entryPoints: [source],
    write: false,
    bundle: true,
    plugins: [{ name: 'external-npm-packages', setup: markNpmPackagesExternal }],
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    sourcemap: 'inline',
    logLevel: 'warning',
  });
  const { contents } = outputFiles[0]!;
  const hash = createHash('sha256').update(contents).digest('hex').slice(0, 16);
  const file = join(BUNDLE_DIR, `${basename(source, '.ts')}-${hash}.mjs`);
  const unfinished = `${file}.${randomUUID()}`;
  await mkdir(BUNDLE_DIR, { recursive: true });
  await writeFile(unfinished, contents);
  await rename(unfinished, file);
  return file;
}

function markNpmPackagesExternal(bundler: PluginBuild): void {
  bundler.onResolve({ filter: /^[^./]/ }, function markExternal({ path, kind }) {
    return kind === 'entry-point' || path.startsWith('@oriontel/') ? undefined : { path, external: true };
  });
}
