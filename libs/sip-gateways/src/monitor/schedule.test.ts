import { expect, test } from 'vitest';
import { createSchedule, SLOT_MS } from './schedule.ts';

const keys = (due: { key: string }[]): string[] => due.map(({ key }) => key);

test('takeDue returns each due key once, earliest first, and keeps the others', () => {
  const schedule = createSchedule(0);
  schedule.set('c', 5_000);
  schedule.set('b', 300);
  schedule.set('a', 100);
  expect(keys(schedule.takeDue(99))).toEqual([]);
  expect(schedule.takeDue(300)).toEqual([
    { key: 'a', dueAt: 100 },
    { key: 'b', dueAt: 300 },
  ]);
  expect(keys(schedule.takeDue(4_999))).toEqual([]);
  expect(keys(schedule.takeDue(60_000))).toEqual(['c']);
  expect(keys(schedule.takeDue(120_000))).toEqual([]);
});

test('takeDue returns no key early, and none later than a slot after its time', () => {
  const schedule = createSchedule(1_234.5);
  for (let i = 0; i < 1_000; i += 1) schedule.set(String(i), 1_234.5 + i * 1.7);
  for (let now = 1_234.5; now < 4_000; now += 3.3)
    for (const { dueAt } of schedule.takeDue(now)) {
      expect(dueAt).toBeLessThanOrEqual(now);
      expect(now - dueAt).toBeLessThan(2 * SLOT_MS);
    }
  expect(schedule.dueAt('999')).toBeUndefined();
});

test('set moves a known key, delete removes one', () => {
  const schedule = createSchedule(0);
  schedule.set('moved', 100);
  schedule.set('moved', 900);
  schedule.set('deleted', 100);
  schedule.delete('deleted');
  schedule.delete('unknown');
  expect(keys(schedule.takeDue(500))).toEqual([]);
  expect(schedule.dueAt('moved')).toBe(900);
  expect(keys(schedule.takeDue(1_000))).toEqual(['moved']);
});

test('set moves a time in the past to the next slot', () => {
  const schedule = createSchedule(0);
  schedule.takeDue(1_000);
  schedule.set('late', 10);
  expect(keys(schedule.takeDue(1_000))).toEqual([]);
  expect(keys(schedule.takeDue(1_000 + SLOT_MS))).toEqual(['late']);
});
