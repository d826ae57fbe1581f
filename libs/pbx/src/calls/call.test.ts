import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCall, buildLeg, createTestPbx, type TestPbx } from '../testing.ts';
import type { Call } from './call.ts';

const { ours, theirs } = testActors;
let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
afterAll(() => pbx.close());

describe('a call', () => {
  test('is returned as created, with null for unknown fields', async () => {
    const { status, data } = await pbx.send<Call>('POST', '/calls', { body: buildCall() });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      org_id: ours.orgId,
      call_id: null,
      caller_id: '+14155551234',
      recipient_id: '1001',
      start_time: '2024-01-15T10:30:00Z',
      end_time: null,
      duration: null,
      status: 'active',
      recording_path: null,
      created_at: expect.stringMatching(/Z$/) as string,
      updated_at: data.created_at,
    });
    expect((await calls.get(data.id)).data).toEqual(data);
  });

  test.each(['completed', 'failed', 'busy', 'noanswer'])(
    'can be created with the status %s',
    async (status) => {
      const { data } = await calls.create({ status, start_time: '2024-01-15T12:30:00.250+02:00' });
      expect(data).toMatchObject({
        status,
        start_time: '2024-01-15T10:30:00.250Z',
        end_time: null,
        duration: null,
      });
    },
  );

  test('is ended by the request of the API document', async () => {
    const { data: created } = await calls.create();
    const body = {
      end_time: '2024-01-15T10:35:42Z',
      duration: 342,
      status: 'completed',
      recording_path: '/var/recordings/1.wav',
    };
    const { status, data } = await calls.update(created.id, body);
    expect([status, data]).toEqual([200, { ...created, ...body, updated_at: expect.any(String) as string }]);
    expect(Date.parse(data.updated_at)).toBeGreaterThanOrEqual(Date.parse(created.updated_at));
    expect((await calls.get(created.id)).data).toEqual(data);
  });

  test('that is ended without a time ends now', async () => {
    const { data: created } = await calls.create({ start_time: new Date(Date.now() - 5_000).toISOString() });
    const { data } = await calls.update(created.id, { status: 'busy' });
    expect(Math.abs(Date.now() - Date.parse(data.end_time!))).toBeLessThan(2_000);
    expect([5, 6]).toContain(data.duration);
  });

  test('is unchanged by an update to its current status', async () => {
    const { data } = await calls.create();
    expect((await calls.update(data.id, { status: 'active' })).data).toEqual(data);
  });

  test('that is finished cannot become active again', async () => {
    const { data } = await calls.create({ status: 'busy' });
    const { status, error } = await calls.update(data.id, { status: 'active' });
    expect([status, error.details?.[0]?.field]).toEqual([409, 'status']);
    expect((await calls.get(data.id)).data).toEqual(data);
  });

  test('loses its recording_path when it is set to null', async () => {
    const { data } = await calls.create();
    await calls.update(data.id, { recording_path: 'x'.repeat(1024) });
    expect((await calls.update(data.id, { recording_path: null })).data.recording_path).toBeNull();
  });

  test('keeps both of two concurrent updates', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { data } = await calls.create();
      await Promise.all([
        calls.update(data.id, { status: 'completed', duration: 7 }),
        calls.update(data.id, { recording_path: 'x.wav' }),
      ]);
      expect((await calls.get(data.id)).data).toMatchObject({
        status: 'completed',
        duration: 7,
        recording_path: 'x.wav',
      });
    }
  });

  test('does not become active again through a concurrent update', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { data } = await calls.create();
      await Promise.all([
        calls.update(data.id, { status: 'completed', duration: 7 }),
        calls.update(data.id, { status: 'active', recording_path: 'x' }),
      ]);
      expect((await calls.get(data.id)).data).toMatchObject({ status: 'completed', duration: 7 });
    }
  });
});

describe('a call_id', () => {
  test('is unique in an organization', async () => {
    await calls.create({ call_id: 'twice' });
    const { status, error } = await calls.create({ call_id: 'twice', status: 'busy' });
    expect([status, error.code, error.details]).toEqual([
      409,
      409,
      [{ field: 'call_id', message: 'is taken' }],
    ]);
    expect((await calls.create({ call_id: 'twice' }, theirs.manager)).status).toBe(201);
  });

  test('goes to one of several concurrent requests', async () => {
    const responses = await Promise.all(Array.from({ length: 8 }, () => calls.create({ call_id: 'race' })));
    expect(responses.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });
});

describe('a call whose CDR arrived first', () => {
  test('is closed by it on creation', async () => {
    pbx.legs.push(buildLeg({ callId: 'early', disposition: 'BUSY', duration: 3, endTime: null }));
    const { status, data } = await calls.create({ call_id: 'early' });
    expect(status).toBe(201);
    expect(data).toMatchObject({ status: 'busy', duration: 3, end_time: '2024-01-15T10:30:03Z' });
    expect((await calls.get(data.id)).data).toEqual(data);
  });

  test('is not changed if it is created as finished or is of another organization', async () => {
    pbx.legs.push(buildLeg({ callId: 'finished' }));
    expect((await calls.create({ call_id: 'finished', status: 'failed' })).data).toMatchObject({
      status: 'failed',
      end_time: null,
    });
    expect((await calls.create({ call_id: 'finished' }, theirs.manager)).data.status).toBe('active');
  });
});
