import type { Database } from '@oriontel/database';
import {
  auditEvents,
  collectByIndex,
  type Collected,
  type EventFilter,
  type Part,
  type Place,
  type Sort,
} from './audit-event.repository.ts';
import { rankOf, type DatedEvent } from './audit-event.ts';
import { readSearchCursor, writeSearchCursor, type SearchCursor, type Total } from './search-cursor.ts';
import { toFilter, toSort, type SearchQuery } from './search-query.ts';

export interface FoundPage {
  events: DatedEvent[];
  page: number;
  perPage: number;
  total: Total;
  /** Null on the last page. */
  nextCursor: string | null;
}

/** Totals are exact up to here. */
const COUNTED = 100_000;
/** Few enough to be looked at one by one. */
const FEW = 5_000;
/** So many by the planner's estimate that there are more than COUNTED of them, though it errs. */
const SURELY_MORE = 2 * COUNTED;
/** Events that are walked over at least, and for each one wanted. */
const REACH = { least: 20_000, each: 10 };

/**
 * Few matches are found by the index of the filters and sorted; many are met soon enough on a walk along the index of the
 * order. Which it is the planner's estimate tells first, and the rows then prove: docs/decisions/0006.
 */
export const searchEvents =
  (db: Database) =>
  async (orgId: number, query: SearchQuery): Promise<FoundPage> => {
    const [filter, sort] = [toFilter(query), toSort(query)];
    if (!filter)
      return { events: [], page: query.page, perPage: query.per_page, total: exactly(0), nextCursor: null };
    const cursor = query.cursor ? readSearchCursor(orgId, filter, sort, query.cursor) : null;
    const size = query.per_page;
    const page = cursor?.page ?? query.page;
    // One more than the page holds tells whether there is another.
    const part = {
      after: cursor?.place ?? null,
      offset: cursor ? 0 : (page - 1) * size,
      limit: size + 1,
    };
    const search = { db, orgId, filter, sort, part };
    const { events, total } = cursor ? await goOn(search, cursor) : await begin(search);
    const shown = events.slice(0, size);
    const last = shown.at(-1);
    const nextCursor =
      last && events.length > size
        ? writeSearchCursor(orgId, filter, sort, { place: placeOf(last, sort), page: page + 1, total })
        : null;
    return { events: shown, page, perPage: size, total, nextCursor };
  };

interface Search {
  db: Database;
  orgId: number;
  filter: EventFilter;
  sort: Sort;
  part: Part;
}

interface Found {
  events: DatedEvent[];
  total: Total;
}

const begin = async (search: Search): Promise<Found> => {
  const { db, orgId, filter, sort, part } = search;
  const estimate = await auditEvents(db).estimate(orgId, filter);
  if (estimate <= FEW) {
    const few = await auditEvents(db).collect(orgId, filter, sort, part, FEW);
    if (few.total <= FEW) return withTotal(search, few);
  }
  const walked = await walk(search);
  if (!walked) return withTotal(search, await collect(search));
  return { events: walked, total: await countAll(search, estimate) };
};

const goOn = async (search: Search, { total }: SearchCursor): Promise<Found> => {
  const isFew = !total.isEstimate && total.records <= FEW;
  const walked = isFew ? null : await walk(search);
  return { events: walked ?? (await collect(search)).events, total };
};

/** A page beyond the last one says nothing of the others. */
const withTotal = async (
  { db, orgId, filter, part }: Search,
  { events, total }: Collected,
): Promise<Found> => {
  const isBeyond = !events.length && part.offset > 0;
  const records = isBeyond ? await auditEvents(db).count(orgId, filter, part.offset) : total;
  return { events, total: exactly(records) };
};

/** Null where the page is not full when the walk ends: the rest may lie beyond. */
const walk = async ({ db, orgId, filter, sort, part }: Search): Promise<DatedEvent[] | null> => {
  const reach = Math.max(REACH.least, REACH.each * (part.offset + part.limit));
  const events = await auditEvents(db).walk(orgId, filter, sort, part, reach);
  return events.length === part.limit ? events : null;
};

/**
 * Where a walk ends too soon: what is common on the whole may be rare in an organization, or lie far from the beginning.
 */
const collect = ({ db, orgId, filter, sort, part }: Search): Promise<Collected> =>
  collectByIndex(db, orgId, filter, sort, part, EVERYTHING);

/** PostgreSQL's largest integer, and one to spare. */
const EVERYTHING = 2_147_483_646;

/** Counted where an estimate does not say that there are surely more than are counted. */
const countAll = async ({ db, orgId, filter }: Search, estimate: number): Promise<Total> => {
  if (estimate > SURELY_MORE) return { records: estimate, isEstimate: true };
  const counted = await auditEvents(db).count(orgId, filter, COUNTED + 1);
  return counted > COUNTED ? { records: Math.max(estimate, counted), isEstimate: true } : exactly(counted);
};

const exactly = (records: number): Total => ({ records, isEstimate: false });

const placeOf = ({ eventType, severity, createdAt, id }: DatedEvent, { by }: Sort): Place => {
  const values = { created_at: null, severity: rankOf(severity), event_type: eventType };
  return { value: values[by], createdAt, id };
};
