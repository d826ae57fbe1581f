import type { Database } from '@oriontel/database';
import {
  auditEvents,
  collectByIndex,
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
const FEW = 20_000;
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
  const { db, orgId, filter } = search;
  const estimate = await auditEvents(db).estimate(orgId, filter);
  if (estimate <= FEW) {
    const few = await collectFew(search);
    if (few) return few;
  }
  const walked = await walk(search);
  const total = await countAll(search, estimate, walked !== null);
  return { events: walked ?? (await collect(search)), total };
};

const goOn = async (search: Search, { total }: SearchCursor): Promise<Found> => {
  const isRare = !total.isEstimate && total.records <= FEW;
  const walked = isRare ? null : await walk(search);
  return { events: walked ?? (await collect(search)), total };
};

/** All of them and their number; null where they are more than a few after all. */
const collectFew = async ({ db, orgId, filter, sort, part }: Search): Promise<Found | null> => {
  const { events, total } = await auditEvents(db).collect(orgId, filter, sort, part, FEW);
  if (total > FEW) return null;
  // A page beyond the last one says nothing of the others.
  const isBeyond = !events.length && part.offset > 0;
  return { events, total: exactly(isBeyond ? await auditEvents(db).count(orgId, filter, FEW) : total) };
};

/** Null where the page is not full when the walk ends: the rest may lie beyond. */
const walk = async ({ db, orgId, filter, sort, part }: Search): Promise<DatedEvent[] | null> => {
  const reach = Math.max(REACH.least, REACH.each * (part.offset + part.limit));
  const events = await auditEvents(db).walk(orgId, filter, sort, part, reach);
  return events.length === part.limit ? events : null;
};

const collect = async ({ db, orgId, filter, sort, part }: Search): Promise<DatedEvent[]> =>
  (await collectByIndex(db, orgId, filter, sort, part, EVERYTHING)).events;

/** PostgreSQL's largest integer, and one to spare. */
const EVERYTHING = 2_147_483_646;

/**
 * Counted, but where the estimate is so high that there are surely more than are counted. A page that a walk did not fill speaks
 * against it: what is common on the whole may be rare in an organisation.
 */
const countAll = async (
  { db, orgId, filter }: Search,
  estimate: number,
  isFilled: boolean,
): Promise<Total> => {
  if (isFilled && estimate > SURELY_MORE) return { records: estimate, isEstimate: true };
  const counted = await auditEvents(db).count(orgId, filter, COUNTED + 1);
  return counted > COUNTED ? { records: Math.max(estimate, counted), isEstimate: true } : exactly(counted);
};

const exactly = (records: number): Total => ({ records, isEstimate: false });

const placeOf = ({ eventType, severity, createdAt, id }: DatedEvent, { by }: Sort): Place => {
  const values = { created_at: null, severity: rankOf(severity), event_type: eventType };
  return { value: values[by], createdAt, id };
};
