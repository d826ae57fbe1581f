import { beforeEach, expect, test, vi } from 'vitest';

const running = vi.hoisted(() => ({ now: 0, most: 0 }));

vi.mock('@node-rs/argon2', async (importActual) => {
  const actual = await importActual<typeof import('@node-rs/argon2')>();
  function countRunning<A extends unknown[], R>(work: (...args: A) => Promise<R>) {
    return async function runCounted(...args: A): Promise<R> {
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      return work(...args).finally(() => (running.now -= 1));
    };
  }
  return { ...actual, hash: countRunning(actual.hash), verify: countRunning(actual.verify) };
});

const { createPasswordHasher } = await import('./password-hasher.ts');

beforeEach(() => Object.assign(running, { now: 0, most: 0 }));

test('verify accepts the password of the hash and no other', async () => {
  const passwords = createPasswordHasher();
  const hash = await passwords.hash('correct horse');
  expect(await passwords.verify(hash, 'correct horse')).toBe(true);
  expect(await passwords.verify(hash, 'correct horsf')).toBe(false);
  expect(await passwords.verify(null, 'nobody has this password')).toBe(false);
});

test('at most two hashes run at once', async () => {
  const passwords = createPasswordHasher();
  const hash = await passwords.hash('x');
  await Promise.all(Array.from({ length: 20 }, (_, index) => passwords.verify(index % 2 ? hash : null, 'y')));
  expect(running.most).toBe(2);
});

test('a hash whose client has disconnected is not begun', async () => {
  const passwords = createPasswordHasher();
  const hash = await passwords.hash('x');
  const client = new AbortController();
  const verified = Array.from({ length: 6 }, (_, index) =>
    passwords.verify(hash, 'x', index < 3 ? undefined : client.signal),
  );
  client.abort();
  const outcomes = (await Promise.allSettled(verified)).map(({ status }) => status);
  expect(outcomes).toEqual([...Array(3).fill('fulfilled'), ...Array(3).fill('rejected')]);
});

test('a hash behind many others is refused at once, and the others are not', async () => {
  const passwords = createPasswordHasher();
  const hash = await passwords.hash('x');
  // The hash for unknown users is made at the start.
  await passwords.verify(null, 'x');
  const outcomes = await Promise.allSettled(Array.from({ length: 60 }, () => passwords.verify(hash, 'x')));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(8);
  for (const one of refused) expect(one).toMatchObject({ reason: { code: 'unavailable', retryAfter: 2 } });
});
