import { expect, test } from 'vitest';
import { createSchedule, SLOT_MS } from './schedule.ts';

const keys = (due: { key: string }[]): string[] => due.map(({ key }) => key);

test('what is due comes once, the earliest first, and what is not yet due stays', () => {
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

test('nothing comes before its time, nor later than a slot after it', () => {
  const schedule = createSchedule(1_234.5);
  for (let i = 0; i < 1_000; i += 1) schedule.set(String(i), 1_234.5 + i * 1.7);
  for (let now = 1_234.5; now < 4_000; now += 3.3)
    for (const { dueAt } of schedule.takeDue(now)) {
      expect(dueAt).toBeLessThanOrEqual(now);
      expect(now - dueAt).toBeLessThan(2 * SLOT_MS);
    }
  expect(schedule.dueAt('999')).toBeUndefined();
});

test('the later word counts, and what is deleted does not come', () => {
  const schedule = createSchedule(0);
  schedule.set('moved', 100);
  schedule.set('moved', 900);
  schedule.set('gone', 100);
  schedule.delete('gone');
  schedule.delete('never there');
  expect(keys(schedule.takeDue(500))).toEqual([]);
  expect(schedule.dueAt('moved')).toBe(900);
  expect(keys(schedule.takeDue(1_000))).toEqual(['moved']);
});

test('what was due before comes next, also when it is set while time stands still', () => {
  const schedule = createSchedule(0);
  schedule.takeDue(1_000);
  schedule.set('late', 10);
  expect(keys(schedule.takeDue(1_000))).toEqual([]);
  expect(keys(schedule.takeDue(1_000 + SLOT_MS))).toEqual(['late']);
});
