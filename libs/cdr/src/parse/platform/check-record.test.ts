import { cpuTimeMs } from '@oriontel/service/testing';
import { describe, expect, it } from 'vitest';
import { BatchEnvelope, PlatformBatch } from './platform-batch.ts';
import { checkRecord } from './check-record.ts';
import { buildBatch, buildRecord } from '../../fixtures/build-record.ts';

const check = (overrides: Record<string, unknown>) => checkRecord(buildRecord(overrides));

describe('checkRecord', () => {
  it('accepts the documented record with any spelling of its disposition', () => {
    for (const disposition of [
      'ANSWERED',
      'Answered',
      'NO_ANSWER',
      'noanswer',
      'no-answer',
      'CANCEL',
      'busy',
    ])
      expect(check({ disposition })).toMatchObject({ ok: true, facts: { disposition, duration: 342 } });
  });

  it.each<[string, Record<string, unknown>]>([
    ['duration without end_time', { end_time: undefined }],
    ['end_time without duration', { duration: undefined }],
    ['hangup_cause instead of disposition', { disposition: null, hangup_cause: 'USER_BUSY' }],
    ['answer_time instead of disposition', { disposition: null, answer_time: '2024-01-15T10:30:05Z' }],
    ['a time with offset and fraction', { start_time: '2024-01-15T12:30:00.250+02:00' }],
    ['durations rounded by one second', { duration: 343, billsec: 343 }],
    ['unknown members', { recording: 'x.wav', nested: { a: [1] } }],
    ['null for optional fields', { trunk_id: null, answer_time: null, billsec: null, leg: null, q850: null }],
  ])('accepts %s', (_, overrides) => {
    expect(check(overrides)).toMatchObject({ ok: true });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['call_id', { call_id: undefined }, 'is required: must be text of 1 to 255 characters'],
    ['call_id', { call_id: 'x'.repeat(256) }, '255'],
    ['call_id', { call_id: 7 }, 'must be text'],
    ['caller', { caller: 'a\0b' }, 'NUL'],
    ['start_time', { start_time: '2024-01-15 10:30:00' }, 'like 2024-01-15T10:30:00Z'],
    ['start_time', { start_time: '2024-02-30T10:30:00Z' }, 'ISO 8601'],
    ['end_time', { end_time: '1969-12-31T23:59:59Z' }, '1970 to 9998'],
    ['end_time', { end_time: '9999-12-31T23:59:59-01:00' }, '1970 to 9998'],
    ['duration', { duration: '342' }, 'number of seconds'],
    ['duration', { duration: Number.NaN }, 'number of seconds'],
    ['trunk_id', { trunk_id: 'trunk 1' }, '1 to 64'],
    ['leg', { leg: 'c' }, 'must be a or b'],
    ['q850', { q850: 128 }, '0 to 127'],
    ['disposition', { disposition: undefined }, 'is required'],
    ['end_time', { end_time: undefined, duration: undefined }, 'is required when duration'],
  ])('rejects the shape of %s in %j', (field, overrides, message) => {
    expect(check(overrides)).toMatchObject({
      ok: false,
      kind: 'shape',
      problems: [{ field, message: expect.stringContaining(message) }],
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['end_time', { end_time: '2024-01-15T10:29:59Z' }],
    ['duration', { duration: -1 }],
    ['duration', { duration: 344 }],
    ['duration', { end_time: undefined, duration: 1e12 }],
    ['billsec', { billsec: -1 }],
    ['billsec', { billsec: 344 }],
    ['answer_time', { answer_time: '2024-01-15T10:29:59Z' }],
    ['answer_time', { answer_time: '2024-01-15T10:36:00Z' }],
    ['disposition', { disposition: 'MAYBE' }],
  ])('rejects an impossible %s in %j', (field, overrides) => {
    expect(check(overrides)).toMatchObject({ ok: false, kind: 'impossible', problems: [{ field }] });
  });

  it.each([null, 7, 'x', [], undefined])('rejects %j as a record', (record) => {
    expect(checkRecord(record)).toMatchObject({ ok: false, kind: 'shape' });
  });

  it('reports every invalid field', () => {
    const checked = check({ caller: '', callee: 5, trunk_id: '' });
    expect(checked.ok ? [] : checked.problems.map(({ field }) => field)).toEqual([
      'caller',
      'callee',
      'trunk_id',
    ]);
  });

  it('checks 10,000 records within a second of CPU time', () => {
    const { records } = buildBatch(10_000);
    records.slice(0, 100).forEach(checkRecord);
    const start = cpuTimeMs();
    expect(records.every((record) => checkRecord(record).ok)).toBe(true);
    expect(cpuTimeMs() - start).toBeLessThan(1000);
  });
});

describe('BatchEnvelope', () => {
  it('accepts 1 to 10000 records', () => {
    expect(BatchEnvelope.safeParse(buildBatch(10_000)).success).toBe(true);
    expect(BatchEnvelope.safeParse(buildBatch(0)).success).toBe(false);
    expect(BatchEnvelope.safeParse({ records: new Array(10_001).fill({}) }).success).toBe(false);
    expect(BatchEnvelope.safeParse({}).error?.issues[0]?.message).toContain('is required');
  });

  it('accepts invalid records, which PlatformBatch rejects', () => {
    const mixed = { records: [buildRecord(), 7], partial: true };
    expect(BatchEnvelope.safeParse(mixed).success).toBe(true);
    expect(PlatformBatch.safeParse(mixed).success).toBe(false);
  });

  it('rejects a source that is not an entity name and an invalid timestamp', () => {
    expect(BatchEnvelope.safeParse(buildBatch(1, { source: 'a/b' })).success).toBe(false);
    expect(BatchEnvelope.safeParse(buildBatch(1, { timestamp: 'yesterday' })).success).toBe(false);
  });
});
