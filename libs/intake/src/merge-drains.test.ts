import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { Pointers } from './define-intake.ts';
import { mergeDrains } from './merge-drains.ts';

/** A merged drain that records its jobs and finishes when `release` is called. */
function createSlowDrain(fails = false) {
  const drained: Pointers[] = [];
  const release: (() => void)[] = [];
  const drain = mergeDrains(async (pointers) => {
    drained.push(pointers);
    await new Promise<void>((resolve) => release.push(resolve));
    if (fails) throw new Error('the database is down');
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

test('a single job is drained at once', () => {
  const { drain, drained } = createSlowDrain();
  const alone = job(10);
  void drain(alone);
  expect(drained).toMatchObject([{ ids: alone.ids }]);
});

test('small jobs that arrive during a drain are drained together', async () => {
  const { drain, drained, release } = createSlowDrain();
  const [first, second, third] = [job(10), job(10), job(10)];
  void drain(first);
  void drain(second);
  void drain(third);
  release();
  await expect
    .poll(() => drained)
    .toMatchObject([{ ids: first.ids }, { ids: [...second.ids, ...third.ids] }]);
});

test('large jobs and jobs of unknown size are drained one by one', async () => {
  const { drain, drained, release } = createSlowDrain();
  const jobs = [job(10), job(400_000), job(400_000), job()];
  for (const pointers of jobs) void drain(pointers);
  await expect
    .poll(() => {
      release();
      return drained;
    })
    .toMatchObject(jobs.map(({ ids }) => ({ ids })));
});

test('a swept job is drained at once and never merged', () => {
  const { drain, drained } = createSlowDrain();
  const sweptJob = { ...job(10), swept: true };
  void drain(job(10));
  void drain(sweptJob);
  expect(drained[1]).toEqual(sweptJob);
});

test('a failure rejects each job of the group, and the next group is drained', async () => {
  const { drain, drained, release } = createSlowDrain(true);
  const outcomes = Promise.allSettled([drain(job(10)), drain(job(10)), drain(job(10))]);
  release();
  await expect.poll(() => drained.length).toBe(2);
  release();
  expect((await outcomes).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
});
