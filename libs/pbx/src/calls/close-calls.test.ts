import type { Queryable } from '@oriontel/database';
import { testActors } from '@oriontel/service/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildLeg, createTestPbx, type TestPbx } from '../testing.ts';
import { closeCalls } from './close-calls.ts';
import type { FinishedLeg } from './finished-leg.ts';

const { admin, ours, theirs } = testActors;
let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
beforeEach(() => pbx.db.call.deleteMany());
afterAll(() => pbx.close());

const close = (...legs: FinishedLeg[]) => pbx.db.$transaction((tx) => closeCalls(tx, legs));
const create = async (more: object = {}) => (await calls.create(more)).data.id;
const get = async (id: string) => (await calls.get(id, admin)).data;
const statusOf = async (...ids: string[]) => (await Promise.all(ids.map(get))).map(({ status }) => status);
const at = (seconds: number) => new Date(Date.parse('2024-01-15T10:30:00Z') + seconds * 1000);
const startAt = (seconds: number) => at(seconds).toISOString();

describe('closeCalls by call_id', () => {
  test.each([
    ['ANSWERED', 'completed'],
    ['BUSY', 'busy'],
    ['NO ANSWER', 'noanswer'],
    ['FAILED', 'failed'],
  ] as const)('%s sets the status %s and the end of the leg', async (disposition, status) => {
    const id = await create({ call_id: 'c' });
    const before = await get(id);
    await close(buildLeg({ callId: 'c', disposition, caller: null, callee: null, startTime: at(86_400) }));
    const after = await get(id);
    const closed = { status, end_time: '2024-01-15T10:35:42Z', duration: 342 };
    expect(after).toEqual({ ...before, ...closed, updated_at: expect.any(String) as string });
    expect(Date.parse(after.updated_at)).toBeGreaterThanOrEqual(Date.parse(before.created_at));
  });

  test('computes a missing end from start and duration', async () => {
    const id = await create({ call_id: 'c' });
    await close(buildLeg({ callId: 'c', endTime: null, startTime: at(2), duration: 9 }));
    expect(await get(id)).toMatchObject({ end_time: '2024-01-15T10:30:11Z', duration: 9 });
  });

  test('does not end a call before its start', async () => {
    const id = await create({ call_id: 'c', start_time: startAt(1_000) });
    await close(buildLeg({ callId: 'c' }));
    expect(await get(id)).toMatchObject({ status: 'completed', end_time: '2024-01-15T10:46:40Z' });
  });

  test('closes a call by a b-leg', async () => {
    const id = await create({ call_id: 'c' });
    await close(buildLeg({ callId: 'c', leg: 'b', disposition: 'BUSY' }));
    expect(await statusOf(id)).toEqual(['busy']);
  });

  test('takes the outcome from the earliest a-leg of several legs', async () => {
    const legs = [
      buildLeg({ callId: 'c', leg: 'b', disposition: 'BUSY', startTime: at(-9) }),
      buildLeg({ callId: 'c', disposition: 'FAILED', startTime: at(2) }),
      buildLeg({ callId: 'c', disposition: 'ANSWERED', startTime: at(1) }),
      buildLeg({ callId: 'c', disposition: 'NO ANSWER', startTime: at(3) }),
    ];
    for (const batch of [legs, legs.toReversed()]) {
      await pbx.db.call.deleteMany();
      const id = await create({ call_id: 'c' });
      await close(...batch);
      expect(await statusOf(id)).toEqual(['completed']);
    }
  });

  test('does not change finished calls or calls of another organization or call_id', async () => {
    const ids = [
      await create({ call_id: 'c', status: 'failed' }),
      (await calls.create({ call_id: 'c' }, theirs.manager)).data.id,
      await create({ call_id: 'C' }),
    ];
    const before = await Promise.all(ids.map(get));
    await close(buildLeg({ callId: 'c' }));
    expect(await Promise.all(ids.map(get))).toEqual(before);
  });
});

describe('closeCalls by numbers', () => {
  test.each([
    ['normalized', { caller_id: '+14155551234', recipient_id: '+14155550000' }],
    ['as received', { caller_id: '4155551234', recipient_id: '5550000' }],
    ['mixed', { caller_id: '4155551234', recipient_id: '+14155550000' }],
  ])('closes a call without a call_id by an a-leg and assigns its call_id: %s', async (_, numbers) => {
    const id = await create(numbers);
    await close(buildLeg({ callId: 'found', callee: '+14155550000', calleeRaw: '5550000' }));
    expect(await get(id)).toMatchObject({ status: 'completed', call_id: 'found', duration: 342 });
  });

  test.each([
    ['from another caller', { caller_id: '+14155559999' }, {}],
    ['to another recipient', { recipient_id: '1002' }, {}],
    ['in the opposite direction', { caller_id: '1001', recipient_id: '+14155551234' }, {}],
    ['5.001 s later', { start_time: startAt(5.001) }, {}],
    ['5.001 s earlier', { start_time: startAt(-5.001) }, {}],
    ['that has a call_id', { call_id: 'other' }, {}],
    ['that is finished', { status: 'busy' }, {}],
    ['if the leg is a b-leg', {}, { leg: 'b' as const }],
    ['of another organization', {}, { orgId: theirs.orgId }],
    ['if the leg has no caller', {}, { caller: null, callerRaw: null }],
  ])('does not close a call %s', async (_, call, leg) => {
    const id = await create(call);
    const before = await get(id);
    await close(buildLeg(leg));
    expect(await get(id)).toEqual(before);
  });

  test.each([-5, 5])('closes a call that starts %i s from the leg', async (seconds) => {
    const id = await create({ start_time: startAt(seconds) });
    await close(buildLeg());
    expect(await statusOf(id)).toEqual(['completed']);
  });

  test('does not match by numbers if the call_id is known, even of a finished call', async () => {
    await create({ call_id: 'c', status: 'busy' });
    const id = await create();
    await close(buildLeg({ callId: 'c' }));
    expect(await statusOf(id)).toEqual(['active']);
  });

  test('prefers a call with the call_id', async () => {
    const [named, nameless] = [await create({ call_id: 'c', caller_id: 'x' }), await create()];
    await close(buildLeg({ callId: 'c' }));
    expect(await statusOf(named, nameless)).toEqual(['completed', 'active']);
  });

  test('closes only the nearest of several calls', async () => {
    const ids = [
      await create({ start_time: startAt(-3) }),
      await create({ start_time: startAt(1) }),
      await create({ start_time: startAt(-2) }),
    ];
    await close(buildLeg());
    expect(await statusOf(...ids)).toEqual(['active', 'completed', 'active']);
  });

  test('closes a call by the nearest of several legs', async () => {
    const id = await create();
    await close(
      buildLeg({ callId: 'far', startTime: at(-2) }),
      buildLeg({ callId: 'near', startTime: at(1) }),
    );
    expect((await get(id)).call_id).toBe('near');
  });

  test('closes two calls in quick succession, each by its own leg', async () => {
    const ids = [await create({ start_time: startAt(0) }), await create({ start_time: startAt(4) })];
    await close(
      buildLeg({ callId: 'second', startTime: at(4.2), disposition: 'BUSY' }),
      buildLeg({ callId: 'first', startTime: at(0.2) }),
    );
    const names = (await Promise.all(ids.map(get))).map(({ call_id }) => call_id);
    expect(names).toEqual(['first', 'second']);
  });

  test('closes as many indistinguishable calls as there are legs', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, () => create()));
    await close(...ids.map(() => buildLeg()));
    expect(new Set(await statusOf(...ids))).toEqual(new Set(['completed']));
  });

  test('assigns a call_id to one call only', async () => {
    const ids = [await create(), await create({ start_time: startAt(4) })];
    await close(buildLeg({ callId: 'same' }), buildLeg({ callId: 'same', startTime: at(4) }));
    const found = await Promise.all(ids.map(get));
    expect(found.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(found.map(({ call_id }) => call_id)).toEqual(['same', null]);
  });

  test('closes a call even if its call_id is taken concurrently', async () => {
    const ids = [await create(), await create({ caller_id: 'x' })];
    let closing: Promise<void> | undefined;
    await pbx.db.$transaction(async (tx) => {
      await tx.$executeRaw`
        INSERT INTO calls (id, org_id, call_id, caller_id, recipient_id, start_time, status)
        VALUES (gen_random_uuid(), ${ours.orgId}, 'taken', 'y', 'z', now(), 'busy')`;
      closing = close(buildLeg({ callId: 'taken' }), buildLeg({ callId: 'free', caller: 'x' }));
      await expect.poll(countWaiting).toBe(1);
    });
    await closing;
    expect(await Promise.all(ids.map(get))).toMatchObject([
      { status: 'completed', call_id: null },
      { status: 'completed', call_id: 'free' },
    ]);
  });
});

describe('closeCalls repeated', () => {
  test('with the same legs changes nothing', async () => {
    const closed = [await create({ call_id: 'c' }), await create()];
    const legs = [buildLeg({ callId: 'c' }), buildLeg({ callId: 'n' })];
    await close(...legs);
    // Matches the second leg by numbers, whose call_id is now known.
    const all = [...closed, await create()];
    const before = await Promise.all(all.map(get));
    expect(before.map(({ status }) => status)).toEqual(['completed', 'completed', 'active']);
    await close(...legs);
    expect(await Promise.all(all.map(get))).toEqual(before);
  });
});

describe('closeCalls with unusual texts', () => {
  test.each(['\0', 'a\0b', '\ud800', 'x\udc00'])(
    'ignores legs with texts that PostgreSQL rejects: %j',
    async (text) => {
      const id = await create({ call_id: 'c' });
      const bad = (['callId', 'caller', 'callee', 'callerRaw', 'calleeRaw'] as const).map((field) =>
        buildLeg({ [field]: text }),
      );
      await close(...bad, buildLeg({ callId: 'c' }));
      expect(await statusOf(id)).toEqual(['completed']);
    },
  );

  test.each(["'; DROP TABLE calls; --", '\\u0000', '"quoted"', '☎\u2028', '😀', '%', '\\'])(
    'compares texts literally: %j',
    async (text) => {
      const ids = [
        await create({ call_id: text }),
        await create({ call_id: 'x', caller_id: text }),
        await create({ caller_id: text }),
      ];
      await close(
        buildLeg({ callId: text }),
        buildLeg({ callId: `${text}2`, caller: text, callerRaw: null }),
      );
      expect(await statusOf(...ids)).toEqual(['completed', 'active', 'completed']);
      expect((await get(ids[2]!)).call_id).toBe(`${text}2`);
    },
  );
});

describe('closeCalls with a large batch', () => {
  function unrelatedLegs(count: number) {
    return Array.from({ length: count }, (_, index) => buildLeg({ caller: `${index}`, callerRaw: null }));
  }
  async function countStatements(legs: FinishedLeg[]) {
    let statements = 0;
    await pbx.db.$transaction(async (tx) => {
      const counting = new Proxy(tx, {
        get(target, name) {
          if (name === '$queryRaw' || name === '$executeRaw') statements += 1;
          return target[name as keyof Queryable] as unknown;
        },
      });
      await closeCalls(counting, legs);
    });
    return statements;
  }

  test('closes matching calls by any spelling of the numbers', async () => {
    const ids = [
      await create({ call_id: 'c' }),
      await create({ caller_id: 'a', recipient_id: 'b' }),
      await create({ caller_id: 'c raw', recipient_id: 'd' }),
      await create({ caller_id: 'e', recipient_id: 'f raw' }),
      await create({ caller_id: 'nobody' }),
    ];
    await close(
      ...unrelatedLegs(1_000),
      buildLeg({ callId: 'c', leg: 'b', caller: null, callerRaw: null }),
      buildLeg({ caller: 'a', callee: 'b' }),
      buildLeg({ caller: 'c', callerRaw: 'c raw', callee: 'd' }),
      buildLeg({ caller: 'e', callee: 'f', calleeRaw: 'f raw' }),
    );
    expect(await statusOf(...ids)).toEqual([...Array<string>(4).fill('completed'), 'active']);
  });

  test('closes matching calls if there are more active calls than legs', async () => {
    await pbx.db.$executeRaw`
      INSERT INTO calls (id, org_id, caller_id, recipient_id, start_time, status)
      SELECT gen_random_uuid(), ${ours.orgId}, 'x', i::text, now(), 'active'
      FROM generate_series(1, 400) AS i`;
    const id = await create({ call_id: 'c', start_time: '2099-01-01T00:00:00Z' });
    await close(...unrelatedLegs(300), buildLeg({ callId: 'c' }));
    expect(await statusOf(id)).toEqual(['completed']);
    expect(await pbx.db.call.count({ where: { status: 'active' } })).toBe(400);
  });

  test.each([1, 200, 201, 5_000])('runs one statement for %i legs that match nothing', async (count) => {
    expect(await countStatements(unrelatedLegs(count))).toBe(1);
    await create();
    await create({ call_id: 'x' });
    expect(await countStatements(unrelatedLegs(count))).toBe(1);
  });

  test('runs no statement for no legs', async () => expect(await countStatements([])).toBe(0));
});

/** The number of statements that wait for a lock. */
async function countWaiting() {
  return (
    await pbx.db.$queryRaw<unknown[]>`
      SELECT
      FROM pg_stat_activity
      WHERE datname = current_database()
        AND wait_event_type = 'Lock'`
  ).length;
}

describe('closeCalls concurrent with', () => {
  async function closeWhile(sql: string) {
    const id = await create({ call_id: 'c' });
    let closing: Promise<void> | undefined;
    await pbx.db.$transaction(async (tx) => {
      await tx.$executeRawUnsafe(sql);
      closing = close(buildLeg({ callId: 'c' }));
      await expect.poll(countWaiting).toBe(1);
    });
    await closing;
    return get(id);
  }

  test('an update keeps the update', async () => {
    const found = await closeWhile(`UPDATE calls SET recording_path = 'x.wav'`);
    expect(found).toMatchObject({ status: 'completed', recording_path: 'x.wav' });
  });

  test('another end of the call leaves that end unchanged', async () => {
    const found = await closeWhile(`UPDATE calls SET status = 'busy', duration = 1`);
    expect(found).toMatchObject({ status: 'busy', duration: 1, end_time: null });
  });

  test('batches of the same calls in opposite order does not deadlock', async () => {
    const ids = await Promise.all(
      Array.from({ length: 150 }, (_, index) => create({ call_id: `c${index}` })),
    );
    const legs = ids.map((_, index) => buildLeg({ callId: `c${index}` }));
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => close(...(index % 2 ? legs : legs.toReversed()))),
    );
    expect(new Set(await statusOf(...ids))).toEqual(new Set(['completed']));
  });

  test('the creation of the call closes it in either order', async () => {
    for (let round = 0; round < 30; round += 1) {
      const leg = buildLeg();
      const [created] = await Promise.all([
        calls.create({ call_id: leg.callId }),
        Promise.resolve().then(async () => {
          pbx.legs.push(leg);
          await close(leg);
        }),
      ]);
      expect(await statusOf(created.data.id)).toEqual(['completed']);
    }
  });
});
