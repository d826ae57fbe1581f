// Bundles the programs of one project into dist/<project>/.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { bundlePackages, entryPointsOf, packageModules, PROGRAM_OPTIONS } from './bundle.mjs';

const project = process.argv[2];
if (!project) throw new Error('Usage: node tools/build.mjs <project folder>');

const outdir = join('dist', project);
const programs = await build({ ...PROGRAM_OPTIONS, entryPoints: entryPointsOf(project), outdir });
const modules = await packageModules(programs.outputFiles.map(({ text }) => text));
const packages = await bundlePackages(modules, join(outdir, 'packages'));
for (const { path, contents } of [...programs.outputFiles, ...packages]) {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, contents);
}
