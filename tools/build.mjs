// Bundles the programs of one project into dist/<project>/.
import { join } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_OPTIONS, entryPointsOf } from './bundle-options.mjs';

const project = process.argv[2];
if (!project) throw new Error('Usage: node tools/build.mjs <project folder>');

await build({ ...BUNDLE_OPTIONS, entryPoints: entryPointsOf(project), outdir: join('dist', project) });
