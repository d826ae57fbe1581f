import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error The configuration has no types.
import { boundaries, syntaxRules } from '../eslint.config.mjs';

const cwd = fileURLToPath(new URL('..', import.meta.url));

/** Lints `code` with `rules` as if it were the content of `filePath`. */
async function lintMessages(rules: Linter.Config[], filePath: string, code: string): Promise<string[]> {
  const parser = { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } };
  const eslint = new ESLint({ cwd, overrideConfigFile: true, overrideConfig: [parser, ...rules] });
  const [result] = await eslint.lintText(`${code}\n`, { filePath });
  return result!.messages.map(({ message }) => message);
}

describe('the boundary rule', () => {
  beforeAll(() => void execFileSync('node_modules/.bin/nx', ['show', 'projects'], { cwd }), 60_000);

  function lintImport(filePath: string, imported: string): Promise<string[]> {
    const code = `import { x } from '${imported}';\nexport const y = x;`;
    return lintMessages([boundaries as Linter.Config], filePath, code);
  }

  test.each([
    ['a feature', 'libs/identity/src/probe.ts', 'another feature', '@oriontel/cdr'],
    ['a shared library', 'libs/contracts/src/probe.ts', 'a feature', '@oriontel/cdr'],
  ])('forbids %s (%s) to import %s', async (_importer, filePath, _target, imported) => {
    // If the feature depends on the shared library, the rule reports the cycle first.
    const expected = /can only depend on libs tagged|Circular dependency/;
    expect(await lintImport(filePath, imported)).toEqual([expect.stringMatching(expected)]);
  });

  test.each([
    ['an app', 'apps/cdr-worker/src/probe.ts', 'a feature', '@oriontel/cdr'],
    ['a feature', 'libs/identity/src/probe.ts', 'a shared library', '@oriontel/contracts'],
  ])('allows %s (%s) to import %s', async (_importer, filePath, _target, imported) => {
    expect(await lintImport(filePath, imported)).toEqual([]);
  });
});

function lintSyntax(filePath: string, code: string): Promise<string[]> {
  return lintMessages(syntaxRules as Linter.Config[], filePath, code);
}

describe('the SQL rule', () => {
  const message = 'Only *.repository.ts contains SQL.';

  test.each([
    ['$queryRaw', 'await db.$queryRaw`SELECT 1`;'],
    ['$queryRaw with a row type', 'await db.$queryRaw<{ id: number }[]>`SELECT 1`;'],
    ['$executeRaw', 'await tx.$executeRaw`DELETE FROM cdrs`;'],
    ['$queryRawUnsafe', "await db.$queryRawUnsafe('SELECT 1');"],
    ['$executeRawUnsafe', "await db.$executeRawUnsafe('DELETE FROM cdrs');"],
    ['Prisma.sql', 'export const id = Prisma.sql`id = 1`;'],
  ])('forbids %s outside of repositories', async (_form, code) => {
    expect(await lintSyntax('libs/cdr/src/calls/probe.ts', code)).toEqual([message]);
    expect(await lintSyntax('apps/cdr-worker/src/main.ts', code)).toEqual([message]);
  });

  test.each([
    'libs/cdr/src/calls/leg.repository.ts',
    'libs/database/src/partitions.ts',
    'libs/cdr/src/calls/probe.test.ts',
    'libs/cdr/src/testing.ts',
  ])('allows SQL in %s', async (filePath) => {
    expect(await lintSyntax(filePath, 'await db.$queryRaw`SELECT 1`;')).toEqual([]);
  });
});

describe('the function rule', () => {
  const filePath = 'libs/cdr/src/calls/probe.ts';
  const reason = 'its name appears in stack traces and profiles.';

  test.each([
    ['an exported arrow function', 'export const double = (x: number) => x * 2;', 'Export'],
    ['a variable with a multi-line arrow function', 'const log = () => {\n  print();\n};', 'Write'],
    ['an async one', 'const log = async () => {\n  await print();\n};', 'Write'],
    ['a returned arrow function', 'function create() {\n  return () => {\n    print();\n  };\n}', 'Return'],
    ['a curried arrow function', 'call((x) => () => {\n  print(x);\n});', 'Return'],
  ])('forbids %s', async (_form, code, verb) => {
    const messages = await lintSyntax(filePath, code);
    expect(messages).toEqual([expect.stringMatching(`^${verb} a named function`)]);
    expect(messages[0]).toContain(reason);
  });

  test.each([
    ['a named function', 'export function double(x: number) {\n  return x * 2;\n}'],
    ['a local one-liner', 'const double = (x: number) => x * 2;'],
    ['a variable with a function type', 'export const handle: Handler = async () => {\n  await print();\n};'],
    ['a variable that is assigned later', 'let resolve = () => {};\nresolve = print;'],
    ['a callback', 'call(() => {\n  print();\n});'],
  ])('allows %s', async (_form, code) => {
    expect(await lintSyntax(filePath, code)).toEqual([]);
  });
});

test('the environment rule allows process.env only in entry points', async () => {
  const code = "export const level = process.env['LOG_LEVEL'];";
  expect(await lintSyntax('libs/cdr/src/calls/probe.ts', code)).toEqual([
    expect.stringContaining('Only main.ts reads the environment'),
  ]);
  expect(await lintSyntax('apps/cdr-worker/src/main.ts', code)).toEqual([]);
});
