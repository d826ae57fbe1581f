import type { Queryable } from '@oriontel/database';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildLeg, createTestPbx, type TestPbx } from '../testing.ts';
import { closeCalls } from './close-calls.ts';
import type { FinishedLeg } from './finished-leg.ts';

let pbx: TestPbx;
let calls: TestPbx['calls'];
beforeAll(async () => {
  pbx = await createTestPbx();
  ({ calls } = pbx);
});
beforeEach(() => pbx.db.call.deleteMany());
afterAll(() => pbx.close());

const close = (...legs: FinishedLeg[]) => pbx.db.$transaction((tx) => closeCalls(tx, legs));
const make = async (more: object = {}) => (await calls.make(more)).data.id;
const read = async (id: string) => (await calls.read(id, 'admin')).data;
const statusOf = async (...ids: string[]) => (await Promise.all(ids.map(read))).map(({ status }) => status);
const at = (seconds: number) => new Date(Date.parse('2024-01-15T10:30:00Z') + seconds * 1000);
const startAt = (seconds: number) => at(seconds).toISOString();

describe('by its call_id', () => {
  test.each([
    ['ANSWERED', 'completed'],
    ['BUSY', 'busy'],
    ['NO ANSWER', 'noanswer'],
    ['FAILED', 'failed'],
  ] as const)('%s makes a call %s, with the times of the leg', async (disposition, status) => {
    const id = await make({ call_id: 'c' });
    const before = await read(id);
    await close(buildLeg({ callId: 'c', disposition, caller: null, callee: null, startTime: at(86_400) }));
    const after = await read(id);
    const told = { status, end_time: '2024-01-15T10:35:42Z', duration: 342 };
    expect(after).toEqual({ ...before, ...told, updated_at: expect.any(String) as string });
    expect(Date.parse(after.updated_at)).toBeGreaterThanOrEqual(Date.parse(before.created_at));
  });

  test('a leg without an end ended after its duration', async () => {
    const id = await make({ call_id: 'c' });
    await close(buildLeg({ callId: 'c', endTime: null, startTime: at(2), duration: 9 }));
    expect(await read(id)).toMatchObject({ end_time: '2024-01-15T10:30:11Z', duration: 9 });
  });

  test('a call does not end before it starts', async () => {
    const id = await make({ call_id: 'c', start_time: startAt(1_000) });
    await close(buildLeg({ callId: 'c' }));
    expect(await read(id)).toMatchObject({ status: 'completed', end_time: '2024-01-15T10:46:40Z' });
  });

  test('a b-leg closes it too', async () => {
    const id = await make({ call_id: 'c' });
    await close(buildLeg({ callId: 'c', leg: 'b', disposition: 'BUSY' }));
    expect(await statusOf(id)).toEqual(['busy']);
  });

  test('of several legs the a-leg tells how it ended, and of several of these the earliest', async () => {
    const legs = [
      buildLeg({ callId: 'c', leg: 'b', disposition: 'BUSY', startTime: at(-9) }),
      buildLeg({ callId: 'c', disposition: 'FAILED', startTime: at(2) }),
      buildLeg({ callId: 'c', disposition: 'ANSWERED', startTime: at(1) }),
      buildLeg({ callId: 'c', disposition: 'NO ANSWER', startTime: at(3) }),
    ];
    for (const batch of [legs, legs.toReversed()]) {
      await pbx.db.call.deleteMany();
      const id = await make({ call_id: 'c' });
      await close(...batch);
      expect(await statusOf(id)).toEqual(['completed']);
    }
  });

  test('neither a finished call nor one of another organization or call_id is touched', async () => {
    const ids = [
      await make({ call_id: 'c', status: 'failed' }),
      (await calls.make({ call_id: 'c' }, 'manager-2')).data.id,
      await make({ call_id: 'C' }),
    ];
    const before = await Promise.all(ids.map(read));
    await close(buildLeg({ callId: 'c' }));
    expect(await Promise.all(ids.map(read))).toEqual(before);
  });
});

describe('by its numbers', () => {
  test.each([
    ['normalized', { caller_id: '+14155551234', recipient_id: '+14155550000' }],
    ['as they came', { caller_id: '4155551234', recipient_id: '5550000' }],
    ['one so, one so', { caller_id: '4155551234', recipient_id: '+14155550000' }],
  ])('an a-leg closes a call without a call_id and gives it its own: %s', async (_, numbers) => {
    const id = await make(numbers);
    await close(buildLeg({ callId: 'found', callee: '+14155550000', calleeRaw: '5550000' }));
    expect(await read(id)).toMatchObject({ status: 'completed', call_id: 'found', duration: 342 });
  });

  test.each([
    ['of another caller', { caller_id: '+14155559999' }, {}],
    ['to another recipient', { recipient_id: '1002' }, {}],
    ['the other way round', { caller_id: '1001', recipient_id: '+14155551234' }, {}],
    ['5.001 s later', { start_time: startAt(5.001) }, {}],
    ['5.001 s earlier', { start_time: startAt(-5.001) }, {}],
    ['that has a call_id', { call_id: 'other' }, {}],
    ['that is finished', { status: 'busy' }, {}],
    ['of which this is a b-leg', {}, { leg: 'b' as const }],
    ['of another organization', {}, { orgId: 2 }],
    ['of numbers that nobody tells', {}, { caller: null, callerRaw: null }],
  ])('not a call %s', async (_, call, leg) => {
    const id = await make(call);
    const before = await read(id);
    await close(buildLeg(leg));
    expect(await read(id)).toEqual(before);
  });

  test.each([-5, 5])('a call that starts %i s from the leg', async (seconds) => {
    const id = await make({ start_time: startAt(seconds) });
    await close(buildLeg());
    expect(await statusOf(id)).toEqual(['completed']);
  });

  test('not where the call_id of the leg is known, whatever became of its call', async () => {
    await make({ call_id: 'c', status: 'busy' });
    const id = await make();
    await close(buildLeg({ callId: 'c' }));
    expect(await statusOf(id)).toEqual(['active']);
  });

  test('a call with the call_id is closed instead', async () => {
    const [named, nameless] = [await make({ call_id: 'c', caller_id: 'x' }), await make()];
    await close(buildLeg({ callId: 'c' }));
    expect(await statusOf(named, nameless)).toEqual(['completed', 'active']);
  });

  test('one leg closes one call, the nearest', async () => {
    const ids = [
      await make({ start_time: startAt(-3) }),
      await make({ start_time: startAt(1) }),
      await make({ start_time: startAt(-2) }),
    ];
    await close(buildLeg());
    expect(await statusOf(...ids)).toEqual(['active', 'completed', 'active']);
  });

  test('one call is closed by one leg, the nearest', async () => {
    const id = await make();
    await close(
      buildLeg({ callId: 'far', startTime: at(-2) }),
      buildLeg({ callId: 'near', startTime: at(1) }),
    );
    expect((await read(id)).call_id).toBe('near');
  });

  test('someone who calls again at once has both calls closed, each by its own leg', async () => {
    const ids = [await make({ start_time: startAt(0) }), await make({ start_time: startAt(4) })];
    await close(
      buildLeg({ callId: 'second', startTime: at(4.2), disposition: 'BUSY' }),
      buildLeg({ callId: 'first', startTime: at(0.2) }),
    );
    const names = (await Promise.all(ids.map(read))).map(({ call_id }) => call_id);
    expect(names).toEqual(['first', 'second']);
  });

  test('as many legs as calls that cannot be told apart close them all', async () => {
    const ids = await Promise.all(Array.from({ length: 7 }, () => make()));
    await close(...ids.map(() => buildLeg()));
    expect(new Set(await statusOf(...ids))).toEqual(new Set(['completed']));
  });

  test('a call_id goes to one call only', async () => {
    const ids = [await make(), await make({ start_time: startAt(4) })];
    await close(buildLeg({ callId: 'same' }), buildLeg({ callId: 'same', startTime: at(4) }));
    const found = await Promise.all(ids.map(read));
    expect(found.map(({ status }) => status)).toEqual(['completed', 'completed']);
    expect(found.map(({ call_id }) => call_id)).toEqual(['same', null]);
  });

  test('a call_id that somebody takes at the same moment is left to them, and the call closed all the same', async () => {
    const ids = [await make(), await make({ caller_id: 'x' })];
    let closing: Promise<void> | undefined;
    await pbx.db.$transaction(async (tx) => {
      await tx.$executeRaw`INSERT INTO calls (id, org_id, call_id, caller_id, recipient_id, start_time, status)
        VALUES (gen_random_uuid(), 1, 'taken', 'y', 'z', now(), 'busy')`;
      closing = close(buildLeg({ callId: 'taken' }), buildLeg({ callId: 'free', caller: 'x' }));
      await expect.poll(waiting).toBe(1);
    });
    await closing;
    expect(await Promise.all(ids.map(read))).toMatchObject([
      { status: 'completed', call_id: null },
      { status: 'completed', call_id: 'free' },
    ]);
  });
});

describe('again', () => {
  test('the same legs change nothing', async () => {
    const closed = [await make({ call_id: 'c' }), await make()];
    const legs = [buildLeg({ callId: 'c' }), buildLeg({ callId: 'n' })];
    await close(...legs);
    // Just like the one that the leg has closed.
    const all = [...closed, await make()];
    const before = await Promise.all(all.map(read));
    expect(before.map(({ status }) => status)).toEqual(['completed', 'completed', 'active']);
    await close(...legs);
    expect(await Promise.all(all.map(read))).toEqual(before);
  });
});

describe('texts', () => {
  test.each(['\0', 'a\0b', '\ud800', 'x\udc00'])(
    'that no call can have do not hold up the others: %j',
    async (text) => {
      const id = await make({ call_id: 'c' });
      const bad = (['callId', 'caller', 'callee', 'callerRaw', 'calleeRaw'] as const).map((field) =>
        buildLeg({ [field]: text }),
      );
      await close(...bad, buildLeg({ callId: 'c' }));
      expect(await statusOf(id)).toEqual(['completed']);
    },
  );

  test.each(["'; DROP TABLE calls; --", '\\u0000', '"quoted"', '☎\u2028', '😀', '%', '\\'])(
    'mean what they are: %j',
    async (text) => {
      const ids = [
        await make({ call_id: text }),
        await make({ call_id: 'x', caller_id: text }),
        await make({ caller_id: text }),
      ];
      await close(
        buildLeg({ callId: text }),
        buildLeg({ callId: `${text}2`, caller: text, callerRaw: null }),
      );
      expect(await statusOf(...ids)).toEqual(['completed', 'active', 'completed']);
      expect((await read(ids[2]!)).call_id).toBe(`${text}2`);
    },
  );
});

describe('a large batch', () => {
  function strangers(count: number) {
    return Array.from({ length: count }, (_, index) => buildLeg({ caller: `${index}`, callerRaw: null }));
  }
  async function counted(legs: FinishedLeg[]) {
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

  test('closes what it has to, by any spelling', async () => {
    const ids = [
      await make({ call_id: 'c' }),
      await make({ caller_id: 'a', recipient_id: 'b' }),
      await make({ caller_id: 'c raw', recipient_id: 'd' }),
      await make({ caller_id: 'e', recipient_id: 'f raw' }),
      await make({ caller_id: 'nobody' }),
    ];
    await close(
      ...strangers(1_000),
      buildLeg({ callId: 'c', leg: 'b', caller: null, callerRaw: null }),
      buildLeg({ caller: 'a', callee: 'b' }),
      buildLeg({ caller: 'c', callerRaw: 'c raw', callee: 'd' }),
      buildLeg({ caller: 'e', callee: 'f', calleeRaw: 'f raw' }),
    );
    expect(await statusOf(...ids)).toEqual([...Array<string>(4).fill('completed'), 'active']);
  });

  test('closes what it has to among more active calls than it has legs', async () => {
    await pbx.db.$executeRaw`INSERT INTO calls (id, org_id, caller_id, recipient_id, start_time, status)
      SELECT gen_random_uuid(), 1, 'x', i::text, now(), 'active' FROM generate_series(1, 400) AS i`;
    const id = await make({ call_id: 'c', start_time: '2099-01-01T00:00:00Z' });
    await close(...strangers(300), buildLeg({ callId: 'c' }));
    expect(await statusOf(id)).toEqual(['completed']);
    expect(await pbx.db.call.count({ where: { status: 'active' } })).toBe(400);
  });

  test.each([1, 200, 201, 5_000])('of %i legs that match nothing takes one statement', async (count) => {
    expect(await counted(strangers(count))).toBe(1);
    await make();
    await make({ call_id: 'x' });
    expect(await counted(strangers(count))).toBe(1);
  });

  test('of none takes none', async () => expect(await counted([])).toBe(0));
});

/** How many statements wait for a lock. */
async function waiting() {
  return (
    await pbx.db.$queryRaw<unknown[]>`
      SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`
  ).length;
}

describe('at the same moment', () => {
  async function closeWhile(sql: string) {
    const id = await make({ call_id: 'c' });
    let closing: Promise<void> | undefined;
    await pbx.db.$transaction(async (tx) => {
      await tx.$executeRawUnsafe(sql);
      closing = close(buildLeg({ callId: 'c' }));
      await expect.poll(waiting).toBe(1);
    });
    await closing;
    return read(id);
  }

  test('an update of the call is kept', async () => {
    const found = await closeWhile(`UPDATE calls SET recording_path = 'x.wav'`);
    expect(found).toMatchObject({ status: 'completed', recording_path: 'x.wav' });
  });

  test('a call that ends otherwise ended otherwise', async () => {
    const found = await closeWhile(`UPDATE calls SET status = 'busy', duration = 1`);
    expect(found).toMatchObject({ status: 'busy', duration: 1, end_time: null });
  });

  test('batches of the same calls in opposite order do not deadlock', async () => {
    const ids = await Promise.all(Array.from({ length: 150 }, (_, index) => make({ call_id: `c${index}` })));
    const legs = ids.map((_, index) => buildLeg({ callId: `c${index}` }));
    await Promise.all(
      Array.from({ length: 6 }, (_, index) => close(...(index % 2 ? legs : legs.toReversed()))),
    );
    expect(new Set(await statusOf(...ids))).toEqual(new Set(['completed']));
  });

  test('a call and its CDR: whichever is first, the call is closed', async () => {
    for (let round = 0; round < 30; round += 1) {
      const leg = buildLeg();
      const [made] = await Promise.all([
        calls.make({ call_id: leg.callId }),
        Promise.resolve().then(async () => {
          pbx.legs.push(leg);
          await close(leg);
        }),
      ]);
      expect(await statusOf(made.data.id)).toEqual(['completed']);
    }
  });
});
