import { transferableSymbol, valueSymbol } from 'piscina';
import { expect, test } from 'vitest';
import type { ReadImport } from './logs/read-import.ts';
import runImportTask from './read-import.main.ts';

function run(body: object) {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  return runImportTask({ body: [bytes], orgId: 1, entity: 'trunk/t-1', importId: 'i', now: Date.now() });
}

test('the thread program transfers the memory of the parts', () => {
  const moved = run({ logs: [{ timestamp: '2024-01-15T10:30:00Z', type: 'call', message: 'm' }] }) as {
    [transferableSymbol]: ArrayBuffer[];
    [valueSymbol]: ReadImport;
  };
  const { parts } = moved[valueSymbol];
  expect(parts).toHaveLength(1);
  expect(moved[transferableSymbol]).toEqual(parts.map(({ buffer }) => buffer));
});

test('the thread program returns a refusal as it is', () => {
  expect(run({})).toMatchObject({ kind: 'refused', code: 'bad_request' });
});
