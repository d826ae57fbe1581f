import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Pointers } from './define-intake.ts';
import { mergeDrains } from './merge-drains.ts';

/** A drain that waits until it is released, and remembers what it was given. */
function openSlowDrain(fails = false) {
  const drained: Pointers[] = [];
  const release: (() => void)[] = [];
  const drain = mergeDrains(async (pointers) => {
    drained.push(pointers);
    await new Promise<void>((resolve) => release.push(resolve));
    if (fails) throw new Error('the database is away');
  }, 1);
  return { drain, drained, release: () => release.splice(0).forEach((go) => go()) };
}

function job(bytes?: number): Pointers {
  return {
    ids: [randomUUID()],
    swept: false,
    ...(bytes === undefined ? {} : { bytes }),
  };
}

test('a job that comes alone is drained at once', () => {
  const { drain, drained } = openSlowDrain();
  const alone = job(10);
  void drain(alone);
  expect(drained).toMatchObject([{ ids: alone.ids }]);
});

test('small jobs that come meanwhile are drained together', async () => {
  const { drain, drained, release } = openSlowDrain();
  const [first, second, third] = [job(10), job(10), job(10)];
  void drain(first);
  void drain(second);
  void drain(third);
  release();
  await expect
    .poll(() => drained)
    .toMatchObject([{ ids: first.ids }, { ids: [...second.ids, ...third.ids] }]);
});

test('large jobs, and those of unknown size, are drained one by one', async () => {
  const { drain, drained, release } = openSlowDrain();
  const jobs = [job(10), job(400_000), job(400_000), job()];
  for (const one of jobs) void drain(one);
  await expect
    .poll(() => {
      release();
      return drained;
    })
    .toMatchObject(jobs.map(({ ids }) => ({ ids })));
});

test('a swept job waits for none and is merged with none', () => {
  const { drain, drained } = openSlowDrain();
  const suspect = { ...job(10), swept: true };
  void drain(job(10));
  void drain(suspect);
  expect(drained[1]).toEqual(suspect);
});

test('a failure is told to each job of the group, and the next group goes on', async () => {
  const { drain, drained, release } = openSlowDrain(true);
  const outcomes = Promise.allSettled([drain(job(10)), drain(job(10)), drain(job(10))]);
  release();
  await expect.poll(() => drained.length).toBe(2);
  release();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
