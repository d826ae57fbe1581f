// Nx plugin: infers the targets of every workspace package, so that no package repeats them.
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

export const name = 'oriontel-targets';

export const createNodesV2 = [
  '{apps,libs}/*/package.json',
  (files, _options, { workspaceRoot }) => files.map((file) => [file, inferProject(file, workspaceRoot)]),
];

function inferProject(file, workspaceRoot) {
  const root = dirname(file);
  const source = join(workspaceRoot, root, 'src');
  const hasProgram = existsSync(source) && readdirSync(source).some((entry) => entry.endsWith('main.ts'));
  const targets = {
    ...(hasProgram && { build: buildTarget(root) }),
    lint: lintTarget(root),
    test: testTarget(root),
    typecheck: typecheckTarget(root),
  };
  return { projects: { [root]: { root, targets } } };
}

/** Bundles the programs of the package. */
function buildTarget(root) {
  return {
    command: `node tools/build.mjs ${root}`,
    dependsOn: ['database:generate'],
    inputs: ['production', '^production', 'buildTools'],
    outputs: [`{workspaceRoot}/dist/${root}`],
    cache: true,
  };
}

/** Type-aware ESLint: a change in a dependency may change the result. */
function lintTarget(root) {
  return {
    command: `eslint ${root} --max-warnings=0`,
    dependsOn: ['database:generate'],
    inputs: ['default', '^production', 'lintTools'],
    cache: true,
  };
}

function typecheckTarget(root) {
  return {
    command: `node tools/typecheck.mjs ${root}`,
    dependsOn: ['database:generate'],
    inputs: ['default', '^production', 'typecheckTools'],
    cache: true,
  };
}

/** Runs on the sources, without a build. */
function testTarget(root) {
  return {
    command: `vitest run ${root}/`,
    dependsOn: ['database:generate'],
    inputs: ['default', '^production', 'testTools', { env: 'DATABASE_URL' }, { env: 'REDIS_URL' }],
    cache: true,
  };
}
