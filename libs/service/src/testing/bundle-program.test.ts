import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { bundleProgram } from './bundle-program.ts';

test('bundleProgram returns a JavaScript file that node imports, workspace packages included', async () => {
  const file = await bundleProgram(new URL('../http/to-failure.ts', import.meta.url));
  expect(file).toMatch(/to-failure-[0-9a-f]{16}\.mjs$/);
  expect(await import(pathToFileURL(file).href)).toHaveProperty('toFailure', expect.any(Function));
});

test('bundleProgram called twice at once returns the same file', async () => {
  const entry = new URL('../http/to-failure.ts', import.meta.url);
  const [first, second] = await Promise.all([bundleProgram(entry), bundleProgram(entry.href)]);
  expect(first).toBe(second);
});
