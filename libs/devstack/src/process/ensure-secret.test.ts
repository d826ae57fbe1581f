import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../testing/temporary-folder.ts';
import { ensureSecret } from './ensure-secret.ts';

test('ensureSecret keeps a secret, readable only by its owner; other files get other secrets', async () => {
  const folder = await temporaryFolder();
  const file = join(folder, 'one');
  const secret = await ensureSecret(file);
  expect(secret).toMatch(/^[0-9a-f]{64}$/);
  expect(await ensureSecret(file)).toBe(secret);
  expect(await ensureSecret(join(folder, 'other'))).not.toBe(secret);
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('ensureSecret gives concurrent callers the same secret and leaves no temporary files', async () => {
  const folder = await temporaryFolder();
  const secrets = await Promise.all(Array.from({ length: 20 }, () => ensureSecret(join(folder, 'one'))));
  expect(new Set(secrets).size).toBe(1);
  expect(await readdir(folder)).toEqual(['one']);
});
