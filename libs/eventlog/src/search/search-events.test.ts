import type { Failure } from '@oriontel/contracts';
import { createTestDatabase, type TestDatabase } from '@oriontel/database/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DatedEvent, Severity } from '../events/audit-event.ts';
import { auditEvents, collectByIndex } from '../events/audit-event.repository.ts';
import { searchEvents } from './search-events.ts';
import { SearchQuery, toEventFilter, toSort } from './search-query.ts';
import { seedEvents } from '../events/seed-events.ts';
import { buildEvent } from '../testing.ts';

let store: TestDatabase;
const START = Date.UTC(2026, 0, 1);
const HOUR = 3_600_000;
const SEVERITIES: Severity[] = ['info', 'warning', 'error', 'critical'];
const TYPES = ['login', 'logout', 'Config.change'];

/** Spread over half a year, three events at each time. */
const ours = Array.from({ length: 600 }, (_, n) =>
  buildEvent({
    createdAt: new Date(START + Math.floor(n / 3) * 22 * HOUR),
    severity: SEVERITIES[n % 4]!,
    eventType: TYPES[n % 3]!,
    actorType: n % 5 ? 'user' : 'system',
    actorId: n % 5 ? (n % 7) + 1 : null,
    resourceType: n % 2 ? 'trunk' : null,
    resourceId: n % 2 ? `t-${n % 11}` : null,
    description: `Event ${n} of ${n % 10 ? 'Many' : 'FEW'}`,
    ipAddress: n % 3 ? `10.0.0.${n % 20}` : '2001:db8::1',
  }),
);
const theirs = ours
  .slice(0, 50)
  .map((event) => buildEvent({ ...event, id: `${event.id.slice(0, -4)}0000`, orgId: 2 }));

beforeAll(async () => {
  store = await createTestDatabase();
  await seedEvents(store.db, [...ours, ...theirs]);
  await store.db.$executeRaw`ANALYZE audit_events`;
});
afterAll(() => store.drop());

const search = (body: object = {}, orgId = 1) => searchEvents(store.db)(orgId, SearchQuery.parse(body));
const ids = (events: DatedEvent[]) => events.map(({ id }) => id);
const newestFirst = (events: DatedEvent[]) => ids(events).sort().reverse();
const at = (hours: number) => new Date(START + hours * HOUR).toISOString();

describe('searchEvents with a filter', () => {
  const filters: [string, object, (event: DatedEvent) => boolean][] = [
    ['none', {}, () => true],
    ['event_types', { event_types: ['login', 'Config.change'] }, (e) => e.eventType !== 'logout'],
    ['event_types in the wrong case', { event_types: ['LOGIN'] }, () => false],
    [
      'severities',
      { severities: ['error', 'critical', 'error'] },
      (e) => ['error', 'critical'].includes(e.severity),
    ],
    ['empty lists', { event_types: [], severities: [] }, () => true],
    ['actor_id', { actor_id: 3 }, (e) => e.actorId === 3],
    ['actor_type', { actor_type: 'system' }, (e) => e.actorType === 'system'],
    ['resource_type', { resource_type: 'trunk' }, (e) => e.resourceType === 'trunk'],
    ['resource_id', { resource_id: 't-5' }, (e) => e.resourceId === 't-5'],
    [
      'date_from, inclusive',
      { date_from: at(22 * 100) },
      (e) => e.createdAt.getTime() >= START + 22 * 100 * HOUR,
    ],
    ['date_to, inclusive', { date_to: at(22 * 3) }, (e) => e.createdAt.getTime() <= START + 22 * 3 * HOUR],
    [
      'date_from equal to date_to',
      { date_from: at(22), date_to: at(22) },
      (e) => e.createdAt.getTime() === START + 22 * HOUR,
    ],
    ['search_text', { search_text: 'few' }, (e) => e.description.endsWith('FEW')],
    ['every word, in any order', { search_text: 'few 30 event' }, (e) => e.description === 'Event 30 of FEW'],
    ['a range of a word', { search_text: 'fe' }, () => false],
    ['punctuation only', { search_text: '!!! ---' }, () => false],
    ['blank text', { search_text: '  ' }, () => true],
    ['a text with SQL', { search_text: `few'; DROP TABLE audit_events; --` }, () => false],
    ['a text with operators', { search_text: 'few & | ! :* <-> (' }, (e) => e.description.endsWith('FEW')],
    [
      'a text with NUL and lone surrogates',
      { search_text: 'few\0 \ud800' },
      (e) => e.description.endsWith('FEW'),
    ],
    ['ip_address', { ip_address: '10.0.0.7' }, (e) => e.ipAddress === '10.0.0.7'],
    ['IPv6 in another notation', { ip_address: '2001:0DB8:0:0::0001' }, (e) => e.ipAddress === '2001:db8::1'],
    ['nulls', { actor_id: null, search_text: null, cursor: null, date_from: null }, () => true],
    [
      'all filters',
      {
        event_types: ['logout'],
        severities: ['warning', 'critical'],
        actor_type: 'user',
        resource_type: 'trunk',
        search_text: 'many',
        date_to: at(22 * 150),
      },
      (e) =>
        e.eventType === 'logout' &&
        e.actorType === 'user' &&
        e.resourceType === 'trunk' &&
        e.description.endsWith('Many') &&
        e.createdAt.getTime() <= START + 22 * 150 * HOUR,
    ],
  ];
  test.each(filters)('finds exactly the matches: %s', async (_name, body, matches) => {
    const expected = newestFirst(ours.filter(matches));
    const { events, total } = await search({ ...body, per_page: 500 });
    expect(ids(events)).toEqual(expected.slice(0, 500));
    expect(total).toEqual({ records: expected.length, isEstimate: false });
  });

  // The planner's estimate selects the strategy: both must find the same events.
  test.each(filters)(
    'finds the same by scanInOrder and by collectByIndex: %s',
    async (_name, body, matches) => {
      const query = SearchQuery.parse(body);
      const filter = toEventFilter(query);
      if (!filter) return;
      const expected = newestFirst(ours.filter(matches));
      const range = { after: null, offset: 3, limit: 600 };
      const scanned = await auditEvents(store.db).scanInOrder(1, filter, toSort(query), range, 1_000);
      expect(ids(scanned)).toEqual(expected.slice(3));
      const collected = await collectByIndex(store.db, 1, filter, toSort(query), range, 1_000);
      expect(ids(collected.events)).toEqual(expected.slice(3));
      if (expected.length > 3) expect(collected.total).toBe(expected.length);
      expect(await auditEvents(store.db).count(1, filter, 1_000)).toBe(expected.length);
    },
  );
});

const sorts = ['created_at', 'severity', 'event_type'].flatMap((sort_by) =>
  ['asc', 'desc'].map((sort_order) => ({ sort_by, sort_order })),
);
function inOrder({ sort_by, sort_order }: (typeof sorts)[number], events = ours) {
  function keyOf(e: DatedEvent) {
    return (
      { created_at: '', severity: SEVERITIES.indexOf(e.severity), event_type: e.eventType }[sort_by] + e.id
    );
  }
  const sorted = [...events].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return ids(sort_order === 'asc' ? sorted : sorted.reverse());
}

describe.each(sorts)('searchEvents sorted by $sort_by $sort_order', (sort) => {
  test('returns each event once by page number', async () => {
    const pages = [];
    for (let page = 1; page <= 7; page += 1) pages.push(await search({ ...sort, page, per_page: 97 }));
    expect(pages.flatMap(({ events }) => ids(events))).toEqual(inOrder(sort));
    expect(pages.map(({ nextCursor }) => nextCursor !== null)).toEqual([1, 1, 1, 1, 1, 1, 0].map(Boolean));
  });

  test.each([{}, { search_text: 'many', severities: ['info', 'error'] }])(
    'returns each event once by cursor: %j',
    async (filter) => {
      function matches(e: DatedEvent) {
        return (
          !('severities' in filter) ||
          (e.description.endsWith('Many') && ['info', 'error'].includes(e.severity))
        );
      }
      const found: string[] = [];
      let cursor: string | null = null;
      let page = 0;
      do {
        const response = await search({ ...sort, ...filter, per_page: 41, ...(cursor && { cursor }) });
        found.push(...ids(response.events));
        cursor = response.nextCursor;
        page += 1;
        expect(response.page).toBe(page);
        expect(response.total.records).toBe(ours.filter(matches).length);
      } while (cursor);
      expect(found).toEqual(inOrder(sort, ours.filter(matches)));
    },
  );

  test('returns the same by scanInOrder and by collectByIndex from a position', async () => {
    const all = inOrder(sort);
    const last = ours.find(({ id }) => id === all[250])!;
    const values = {
      created_at: null,
      severity: SEVERITIES.indexOf(last.severity),
      event_type: last.eventType,
    };
    const after = { value: values[sort.sort_by as 'severity'], createdAt: last.createdAt, id: last.id };
    const range = { after, offset: 0, limit: 100 };
    const order = toSort(SearchQuery.parse(sort));
    expect(ids(await auditEvents(store.db).scanInOrder(1, {}, order, range, 1_000))).toEqual(
      all.slice(251, 351),
    );
    expect(ids((await collectByIndex(store.db, 1, {}, order, range, 1_000)).events)).toEqual(
      all.slice(251, 351),
    );
  });
});

test('a page beyond the last one is empty and has the exact total', async () => {
  expect(await search({ page: 100, search_text: 'few' })).toMatchObject({
    events: [],
    nextCursor: null,
    total: { records: 60, isEstimate: false },
  });
});

test('scanInOrder returns fewer events than the limit if it ends too soon', async () => {
  const range = { after: null, offset: 0, limit: 10 };
  // Three events at each time: the 51 newest are those of 17 times.
  const sort = { by: 'created_at', order: 'desc' } as const;
  expect(await auditEvents(store.db).scanInOrder(1, { words: ['few'] }, sort, range, 51)).toHaveLength(5);
});

describe('a search cursor', () => {
  const nextCursorOf = async (body: object = {}) => (await search({ per_page: 10, ...body })).nextCursor!;
  function expectRejected(body: object, orgId = 1) {
    return expect(search({ per_page: 10, ...body }, orgId)).rejects.toMatchObject({
      code: 'bad_request',
      details: [{ field: 'cursor' }],
    } satisfies Partial<Record<keyof Failure, unknown>>);
  }

  test('is rejected with another sort, filter or organization', async () => {
    const cursor = await nextCursorOf();
    await expectRejected({ cursor, sort_order: 'asc' });
    await expectRejected({ cursor, sort_by: 'severity' });
    await expectRejected({ cursor, severities: ['info'] });
    await expectRejected({ cursor }, 2);
  });

  test.each(['x', 'e30', 'W10', Buffer.from('null').toString('base64url'), '%00', 'é'])(
    'is rejected if it is malformed: %s',
    (cursor) => expectRejected({ cursor }),
  );

  test('that was modified is rejected, or leads to a position in its own organization', async () => {
    const fields = JSON.parse(Buffer.from(await nextCursorOf(), 'base64url').toString()) as unknown[];
    function change(index: number, value: unknown) {
      return Buffer.from(JSON.stringify(fields.with(index, value))).toString('base64url');
    }
    await expectRejected({ cursor: change(1, "'") });
    await expectRejected({ cursor: change(1, 2) });
    await expectRejected({ cursor: change(2, 1e300) });
    await expectRejected({ cursor: change(3, "' OR 1=1") });
    await expectRejected({ cursor: change(4, -1) });
    const { events } = await search({ cursor: change(2, Date.UTC(9998, 0)), per_page: 10 });
    expect(events.every(({ orgId }) => orgId === 1)).toBe(true);
  });

  test('works with another per_page', async () => {
    const cursor = await nextCursorOf();
    expect(ids((await search({ cursor, per_page: 20 })).events)).toEqual(newestFirst(ours).slice(10, 30));
  });
});

test('the total is exact up to 100,000 and an estimate beyond', async () => {
  const { db } = store;
  function fill(orgId: number, from: number, to: number) {
    return db.$executeRaw`
      INSERT INTO audit_events (id, org_id, created_at, event_type, severity, actor_type, description, words)
      SELECT
        'evt-20261001-' || lpad(i::text, 23, '0'), ${orgId}::int, '2026-10-01Z'::timestamptz, 'x', 0,
        'system', 'x', '{x}'
      FROM generate_series(${from}::int, ${to}::int) AS i`;
  }
  await fill(3, 1, 100_000);
  expect((await search({}, 3)).total).toEqual({ records: 100_000, isEstimate: false });
  await db.$executeRaw`ANALYZE audit_events`;
  expect((await search({ severities: ['info'] }, 3)).total).toEqual({ records: 100_000, isEstimate: false });
  await fill(3, 100_001, 100_001);
  const { total, nextCursor } = await search({}, 3);
  expect(total.isEstimate).toBe(true);
  expect(total.records).toBeGreaterThan(100_000);
  expect((await search({ cursor: nextCursor }, 3)).total).toEqual(total);
}, 60_000);
