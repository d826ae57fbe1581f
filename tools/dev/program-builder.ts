import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { context, type BuildContext, type BuildFailure, type Message, type OutputFile } from 'esbuild';
import { bundlePackages, entryPointsOf, packageModules, PROGRAM_OPTIONS } from '../bundle.mjs';

export type BuildResult = {
  /** Output files (`<distDir>/…/main.js`) whose code changed. */
  changed: string[];
  errors: Message[];
};

export type ProgramBuilder = {
  /** Bundles every program. */
  buildAll: () => Promise<BuildResult>;
  /**
   * Bundles the programs that contain one of these files (paths relative to the repository), incrementally.
   */
  rebuild: (changedFiles: Iterable<string>) => Promise<BuildResult>;
};

type Program = {
  context: BuildContext;
  /** The source files of the last successful build. */
  inputs: Set<string>;
  failed: boolean;
  /** Hash by output file. */
  hashes: Map<string, string>;
  outdir: string;
  /** The imports that the last bundle of its npm packages serves. */
  packages: string;
};

const SUCCESS: BuildResult = { changed: [], errors: [] };

/**
 * Bundles the programs of all projects below `root` into `distDir` and keeps what incremental builds need.
 */
export async function createProgramBuilder(root: string, distDir: string): Promise<ProgramBuilder> {
  const entryPoints = (await findProjects(root)).flatMap(entryPointsOf);
  const programs = await Promise.all(entryPoints.map((entry) => createProgram(root, distDir, entry)));
  async function build(selected: Program[]): Promise<BuildResult> {
    const results = await Promise.all(selected.map(buildProgram));
    return {
      changed: results.flatMap(({ changed }) => changed),
      errors: results.flatMap(({ errors }) => errors),
    };
  }
  return {
    buildAll: () => build(programs),
    rebuild(changedFiles) {
      const files = [...changedFiles];
      return build(programs.filter(({ inputs, failed }) => failed || files.some((file) => inputs.has(file))));
    },
  };
}

async function findProjects(root: string): Promise<string[]> {
  const groups = ['apps', 'libs'].map(async (group) => {
    const names = await readdir(join(root, group));
    return names.map((name) => join(root, group, name)).filter((project) => existsSync(join(project, 'src')));
  });
  return (await Promise.all(groups)).flat();
}

async function createProgram(root: string, distDir: string, entry: string): Promise<Program> {
  const outfile = join(distDir, relative(root, entry).replace('/src/', '/').replace(/\.ts$/, '.js'));
  const buildContext = await context({
    ...PROGRAM_OPTIONS,
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    metafile: true,
    logLevel: 'silent',
  });
  return {
    context: buildContext,
    inputs: new Set(),
    failed: false,
    hashes: new Map(),
    outdir: dirname(outfile),
    packages: '',
  };
}

async function buildProgram(program: Program): Promise<BuildResult> {
  try {
    const { metafile, outputFiles } = await program.context.rebuild();
    program.failed = false;
    program.inputs = new Set(Object.keys(metafile!.inputs));
    await updatePackages(program, outputFiles!);
    return { ...SUCCESS, changed: await writeChangedFiles(program.hashes, outputFiles!) };
  } catch (error) {
    program.failed = true;
    return { ...SUCCESS, errors: (error as BuildFailure).errors };
  }
}

/** Bundles the npm packages again only when the program imports others. */
async function updatePackages(program: Program, outputFiles: OutputFile[]): Promise<void> {
  const modules = await packageModules(outputFiles.map(({ text }) => text));
  const packages = JSON.stringify([...modules]);
  if (packages === program.packages) return;
  const files = await bundlePackages(modules, join(program.outdir, 'packages'));
  await writeChangedFiles(new Map(), files);
  program.packages = packages;
}

/** Returns the scripts that changed; a source map alone changes nothing that runs. */
async function writeChangedFiles(hashes: Map<string, string>, files: OutputFile[]): Promise<string[]> {
  const changed = files.filter(({ path, hash }) => hashes.get(path) !== hash);
  for (const { path, contents, hash } of changed) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, contents);
    hashes.set(path, hash);
  }
  return changed.map(({ path }) => path).filter((path) => path.endsWith('.js'));
}
