import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { buildRecord, createTestCdr, type IntakeBody, type TestCdr } from '../testing.ts';
import { findFinishedLeg } from './find-finished-leg.ts';

let cdr: TestCdr;
beforeAll(async () => {
  cdr = await createTestCdr();
});
afterAll(() => cdr.close());

/** Sends records and, with `stored`, waits until a worker has stored them. */
async function send(records: object[], { stored = true } = {}): Promise<void> {
  if (stored) onTestFinished(cdr.startWorker());
  const { json } = await cdr.call<IntakeBody>('/cdr/finished', {
    as: cdr.ours.byKey,
    headers: stored ? { prefer: 'wait=20' } : {},
    body: { source: 'node', records },
  });
  expect(json).toMatchObject({ processed: records.length, ...(stored && { stored: records.length }) });
}
function find(callId: string, orgId = cdr.ours.orgId) {
  return findFinishedLeg(cdr.db, async () => 'US')(orgId, callId);
}
function legAt(callId: string, start_time: string, leg: 'a' | 'b') {
  return buildRecord({ call_id: callId, start_time, end_time: null, duration: 60, leg });
}

test('findFinishedLeg prefers the a-leg, then the earliest leg', async () => {
  await send([
    legAt('with a-leg', '2024-01-15T10:30:00Z', 'b'),
    legAt('with a-leg', '2024-01-15T10:30:01Z', 'a'),
    legAt('b-legs only', '2024-01-15T10:30:02Z', 'b'),
    legAt('b-legs only', '2024-01-15T10:30:01Z', 'b'),
  ]);
  expect(await find('with a-leg')).toMatchObject({ leg: 'a' });
  expect(await find('b-legs only')).toMatchObject({ startTime: new Date('2024-01-15T10:30:01Z') });
});

test('findFinishedLeg finds a call that is accepted and not stored', async () => {
  await send([buildRecord({ call_id: 'pending', caller: '(415) 555-0001' })], { stored: false });
  expect(await cdr.db.cdr.count({ where: { callId: 'pending' } })).toBe(0);
  expect(await find('pending')).toMatchObject({ callId: 'pending', caller: '+14155550001' });
});

test('findFinishedLeg returns null for an unknown call and one of another organization', async () => {
  await send([buildRecord({ call_id: 'ours' })]);
  expect(await find('unknown')).toBeNull();
  expect(await find('ours', cdr.theirs.orgId)).toBeNull();
  expect(await find('ours')).not.toBeNull();
});
