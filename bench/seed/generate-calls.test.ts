import { PlatformRecord } from '@oriontel/cdr';
import { parsePhoneNumberFromString } from 'libphonenumber-js/max';
import { expect, test } from 'vitest';
import { generateCalls } from './generate-calls.ts';
import { nationalNumber, NUMBER_PLANS } from './number-plans.ts';

const OPTIONS = {
  seed: 7,
  legs: 20_000,
  from: new Date('2025-01-06T00:00:00Z'),
  to: new Date('2025-04-06T00:00:00Z'),
};
const batches = [...generateCalls(OPTIONS)];
const records = batches.flatMap((batch) => batch.records);

test('generateCalls generates the requested number of records within the range, each once', () => {
  expect(records).toHaveLength(OPTIONS.legs);
  expect(new Set(records.map(({ call_id }) => call_id)).size).toBe(OPTIONS.legs);
  const starts = records.map(({ start_time }) => Date.parse(start_time));
  expect(Math.min(...starts)).toBeGreaterThanOrEqual(OPTIONS.from.getTime());
  // The second leg of a call starts up to 900 ms later.
  expect(Math.max(...starts)).toBeLessThan(OPTIONS.to.getTime() + 900);
});

test('generateCalls is deterministic: the same seed gives the same batches, another seed others', () => {
  expect([...generateCalls({ ...OPTIONS, legs: 500 })]).toEqual([
    ...generateCalls({ ...OPTIONS, legs: 500 }),
  ]);
  const [first] = generateCalls({ ...OPTIONS, legs: 500, seed: 8 });
  expect(first!.records).not.toEqual([...generateCalls({ ...OPTIONS, legs: 500 })][0]!.records);
});

test('generateCalls generates records that the intake accepts', () => {
  for (const record of records.slice(0, 2_000)) expect(PlatformRecord.parse(record)).toEqual(record);
});

test('generateCalls links both legs of a call to each other', () => {
  const byId = new Map(records.map((record) => [record.call_id, record]));
  const linked = records.filter(({ linked_call_id }) => linked_call_id);
  expect(linked.length).toBeGreaterThan(records.length / 2);
  for (const { call_id, linked_call_id } of linked)
    expect(byId.get(linked_call_id!)?.linked_call_id).toBe(call_id);
});

test('generateCalls covers organizations, trunks, outcomes, countries and many numbers', () => {
  const distinct = (values: unknown[]) => new Set(values.filter((value) => value !== undefined)).size;
  expect(distinct(batches.map(({ orgId }) => orgId))).toBe(5);
  expect(distinct(records.map(({ trunk_id }) => trunk_id))).toBe(10);
  expect(distinct(records.map(({ disposition }) => disposition))).toBe(4);
  expect(distinct(records.map(({ hangup_cause }) => hangup_cause))).toBe(12);
  const numbers = records.flatMap(({ caller, callee }) => [caller, callee]);
  expect(distinct(numbers)).toBeGreaterThan(5_000);
  const countries = numbers.map((number) => parsePhoneNumberFromString(number)?.country);
  expect(distinct(countries)).toBeGreaterThanOrEqual(30);
});

test.each(NUMBER_PLANS)('numbers of $region are valid and distinct', (plan) => {
  const numbers = Array.from({ length: 2_000 }, (_, index) => nationalNumber(plan, index));
  expect(new Set(numbers).size).toBe(2_000);
  for (const number of numbers) {
    const parsed = parsePhoneNumberFromString(`+${plan.callingCode}${number}`);
    expect(parsed?.isValid(), number).toBe(true);
    expect(parsed?.country, number).toBe(plan.region);
  }
});
