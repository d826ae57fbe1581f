import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { beforeAll, expect, test } from 'vitest';
// @ts-expect-error It has no types.
import { boundaries } from '../eslint.config.mjs';

const cwd = fileURLToPath(new URL('..', import.meta.url));

beforeAll(() => void execFileSync('node_modules/.bin/nx', ['show', 'projects'], { cwd }), 60_000);

async function lintMessages(file: string, imported: string): Promise<string[]> {
  const parser = { files: ['**/*.ts'], languageOptions: { parser: tseslint.parser } };
  const eslint = new ESLint({ cwd, overrideConfigFile: true, overrideConfig: [parser, boundaries] });
  const [result] = await eslint.lintText(`import { x } from '${imported}';\nexport const y = x;\n`, {
    filePath: file,
  });
  return result!.messages.map(({ message }) => message);
}

test.each([
  ['a feature', 'libs/identity/src/probe.ts', 'another feature', '@oriontel/cdr'],
  ['a shared lib', 'libs/contracts/src/probe.ts', 'a feature', '@oriontel/cdr'],
])('%s (%s) may not import %s', async (_who, file, _what, imported) => {
  // A shared lib on which that feature stands makes a circle, which the rule sees first.
  const complaint = /can only depend on libs tagged|Circular dependency/;
  expect(await lintMessages(file, imported)).toEqual([expect.stringMatching(complaint)]);
});

test.each([
  ['an app', 'apps/cdr-worker/src/probe.ts', 'a feature', '@oriontel/cdr'],
  ['a feature', 'libs/identity/src/probe.ts', 'a shared lib', '@oriontel/contracts'],
])('%s (%s) may import %s', async (_who, file, _what, imported) => {
  expect(await lintMessages(file, imported)).toEqual([]);
});
