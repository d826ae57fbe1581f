import { describe, expect, it } from 'vitest';
import { normalizeLeg } from './normalize-leg.ts';
import { checkRecord } from '../platform/check-record.ts';
import { buildRecord } from '../../fixtures/build-record.ts';

function normalize(overrides: Record<string, unknown>, region: string | null = 'US') {
  const checked = checkRecord(buildRecord(overrides));
  if (!checked.ok) throw new Error(JSON.stringify(checked.problems));
  return normalizeLeg(checked.facts, { region }, 'node-01');
}

describe('normalizeLeg', () => {
  it('keeps the raw numbers next to E.164', () => {
    expect(normalize({ caller: '(415) 555-1234', callee: '1001' })).toMatchObject({
      caller: '+14155551234',
      callerRaw: '(415) 555-1234',
      callee: '1001',
      calleeRaw: '1001',
      leg: 'a',
      source: 'node-01',
    });
  });

  it('derives end from duration and duration from end', () => {
    expect(normalize({ end_time: undefined }).endTime).toEqual(new Date('2024-01-15T10:35:42Z'));
    expect(normalize({ duration: undefined }).duration).toBe(342);
    expect(normalize({ duration: 341.6 }).duration).toBe(342);
  });

  it('derives billsec from answer_time, else counts the whole duration of an answered call', () => {
    expect(normalize({ answer_time: '2024-01-15T10:30:12Z' }).billsec).toBe(330);
    expect(normalize({ billsec: 300 }).billsec).toBe(300);
    expect(normalize({}).billsec).toBe(342);
    expect(normalize({ disposition: 'no answer' })).toMatchObject({ billsec: 0, disposition: 'NO ANSWER' });
  });
});
