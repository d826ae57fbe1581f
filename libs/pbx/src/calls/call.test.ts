import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCall, buildLeg, createTestPbx, type TestPbx } from '../testing.ts';
import type { Call } from './call.ts';

let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
afterAll(() => pbx.close());

describe('a call', () => {
  test('reads back as it was told, null where unknown', async () => {
    const { status, data } = await pbx.send<Call>('POST', '/calls', { body: buildCall() });
    expect(status).toBe(201);
    expect(data).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-7/) as string,
      org_id: 1,
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
    expect((await calls.read(data.id)).data).toEqual(data);
  });

  test.each(['completed', 'failed', 'busy', 'noanswer'])(
    'may be told when it is %s already',
    async (status) => {
      const { data } = await calls.make({ status, start_time: '2024-01-15T12:30:00.250+02:00' });
      expect(data).toMatchObject({
        status,
        start_time: '2024-01-15T10:30:00.250Z',
        end_time: null,
        duration: null,
      });
    },
  );

  test('ends as the API document shows it', async () => {
    const { data: made } = await calls.make();
    const body = {
      end_time: '2024-01-15T10:35:42Z',
      duration: 342,
      status: 'completed',
      recording_path: '/var/recordings/1.wav',
    };
    const { status, data } = await calls.update(made.id, body);
    expect([status, data]).toEqual([200, { ...made, ...body, updated_at: expect.any(String) as string }]);
    expect(Date.parse(data.updated_at)).toBeGreaterThanOrEqual(Date.parse(made.updated_at));
    expect((await calls.read(made.id)).data).toEqual(data);
  });

  test('that ends without a time ends now', async () => {
    const { data: made } = await calls.make({ start_time: new Date(Date.now() - 5_000).toISOString() });
    const { data } = await calls.update(made.id, { status: 'busy' });
    expect(Math.abs(Date.now() - Date.parse(data.end_time!))).toBeLessThan(2_000);
    expect([5, 6]).toContain(data.duration);
  });

  test('that is active and told so again has not changed', async () => {
    const { data } = await calls.make();
    expect((await calls.update(data.id, { status: 'active' })).data).toEqual(data);
  });

  test('that is finished does not become active again', async () => {
    const { data } = await calls.make({ status: 'busy' });
    const { status, error } = await calls.update(data.id, { status: 'active' });
    expect([status, error.details?.[0]?.field]).toEqual([409, 'status']);
    expect((await calls.read(data.id)).data).toEqual(data);
  });

  test('loses its recording to null', async () => {
    const { data } = await calls.make();
    await calls.update(data.id, { recording_path: 'x'.repeat(1024) });
    expect((await calls.update(data.id, { recording_path: null })).data.recording_path).toBeNull();
  });

  test('keeps both of two updates at once', async () => {
    for (let round = 0; round < 20; round += 1) {
      const { data } = await calls.make();
      await Promise.all([
        calls.update(data.id, { status: 'completed', duration: 7 }),
        calls.update(data.id, { recording_path: 'x.wav' }),
      ]);
      expect((await calls.read(data.id)).data).toMatchObject({
        status: 'completed',
        duration: 7,
        recording_path: 'x.wav',
      });
    }
  });

  test('ends once: of two that end it at once the second corrects the first', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { data } = await calls.make();
      await Promise.all([
        calls.update(data.id, { status: 'completed', duration: 7 }),
        calls.update(data.id, { status: 'active', recording_path: 'x' }),
      ]);
      expect((await calls.read(data.id)).data).toMatchObject({ status: 'completed', duration: 7 });
    }
  });
});

describe('a call_id', () => {
  test('is there once in an organization', async () => {
    await calls.make({ call_id: 'twice' });
    const { status, error } = await calls.make({ call_id: 'twice', status: 'busy' });
    expect([status, error.code, error.details]).toEqual([
      409,
      409,
      [{ field: 'call_id', message: 'is taken' }],
    ]);
    expect((await calls.make({ call_id: 'twice' }, 'manager-2')).status).toBe(201);
  });

  test('goes to one of several who tell it at once', async () => {
    const made = await Promise.all(Array.from({ length: 8 }, () => calls.make({ call_id: 'race' })));
    expect(made.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(7).fill(409)]);
  });
});

describe('a call whose CDR was faster', () => {
  test('is closed by it at once', async () => {
    pbx.legs.push(buildLeg({ callId: 'faster', disposition: 'BUSY', duration: 3, endTime: null }));
    const { status, data } = await calls.make({ call_id: 'faster' });
    expect(status).toBe(201);
    expect(data).toMatchObject({ status: 'busy', duration: 3, end_time: '2024-01-15T10:30:03Z' });
    expect((await calls.read(data.id)).data).toEqual(data);
  });

  test('is left as it is told where it was told finished, or is of another organization', async () => {
    pbx.legs.push(buildLeg({ callId: 'told' }));
    expect((await calls.make({ call_id: 'told', status: 'failed' })).data).toMatchObject({
      status: 'failed',
      end_time: null,
    });
    expect((await calls.make({ call_id: 'told' }, 'manager-2')).data.status).toBe('active');
  });
});
