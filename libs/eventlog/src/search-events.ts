import type { Database } from '@oriontel/database';
import {
  auditEvents,
  collectByIndex,
  type CollectedEvents,
  type EventFilter,
  type PageRange,
  type SortPosition,
  type Sort,
} from './audit-event.repository.ts';
import { severityRank, type DatedEvent } from './audit-event.ts';
import { decodeSearchCursor, encodeSearchCursor, type SearchCursor, type Total } from './search-cursor.ts';
import { toEventFilter, toSort, type SearchQuery } from './search-query.ts';

export interface EventPage {
  events: DatedEvent[];
  page: number;
  perPage: number;
  total: Total;
  /** Null on the last page. */
  nextCursor: string | null;
}

/** Totals are exact up to here. */
const MAX_EXACT_TOTAL = 100_000;
/** Few enough to be looked at one by one. */
const MAX_COLLECTED = 5_000;
/** So many by the planner's estimate that there are more than COUNTED of them, though it errs. */
const MIN_ESTIMATE_ONLY = 2 * MAX_EXACT_TOTAL;
/** Events that are walked over at least, and for each one wanted. */
const SCAN_ROWS = { min: 20_000, perWanted: 10 };

/**
 * Few matches are found by the index of the filters and sorted; many are met soon enough on a walk along the index of the
 * order. Which it is the planner's estimate tells first, and the rows then prove: docs/decisions/0006.
 */
export function searchEvents(db: Database) {
  return async function searchEventPage(orgId: number, query: SearchQuery): Promise<EventPage> {
    const [filter, sort] = [toEventFilter(query), toSort(query)];
    if (!filter)
      return {
        events: [],
        page: query.page,
        perPage: query.per_page,
        total: exactTotal(0),
        nextCursor: null,
      };
    const cursor = query.cursor ? decodeSearchCursor(orgId, filter, sort, query.cursor) : null;
    const size = query.per_page;
    const page = cursor?.page ?? query.page;
    // One more than the page holds tells whether there is another.
    const part = {
      after: cursor?.position ?? null,
      offset: cursor ? 0 : (page - 1) * size,
      limit: size + 1,
    };
    const search = { db, orgId, filter, sort, part };
    const { events, total } = cursor ? await searchNextPage(search, cursor) : await searchFirstPage(search);
    const shown = events.slice(0, size);
    const last = shown.at(-1);
    const nextCursor =
      last && events.length > size
        ? encodeSearchCursor(orgId, filter, sort, { position: positionOf(last, sort), page: page + 1, total })
        : null;
    return { events: shown, page, perPage: size, total, nextCursor };
  };
}

interface SearchContext {
  db: Database;
  orgId: number;
  filter: EventFilter;
  sort: Sort;
  part: PageRange;
}

interface EventsWithTotal {
  events: DatedEvent[];
  total: Total;
}

async function searchFirstPage(search: SearchContext): Promise<EventsWithTotal> {
  const { db, orgId, filter, sort, part } = search;
  const estimate = await auditEvents(db).estimate(orgId, filter);
  if (estimate <= MAX_COLLECTED) {
    const few = await auditEvents(db).collectMatches(orgId, filter, sort, part, MAX_COLLECTED);
    if (few.total <= MAX_COLLECTED) return addTotal(search, few);
  }
  const walked = await scanInOrder(search);
  if (!walked) return addTotal(search, await collectAll(search));
  return { events: walked, total: await countAll(search, estimate) };
}

async function searchNextPage(search: SearchContext, { total }: SearchCursor): Promise<EventsWithTotal> {
  const isFew = !total.isEstimate && total.records <= MAX_COLLECTED;
  const walked = isFew ? null : await scanInOrder(search);
  return { events: walked ?? (await collectAll(search)).events, total };
}

/** A page beyond the last one says nothing of the others. */
async function addTotal(
  { db, orgId, filter, part }: SearchContext,
  { events, total }: CollectedEvents,
): Promise<EventsWithTotal> {
  const isBeyond = !events.length && part.offset > 0;
  const records = isBeyond ? await auditEvents(db).count(orgId, filter, part.offset) : total;
  return { events, total: exactTotal(records) };
}

/** Null where the page is not full when the walk ends: the rest may lie beyond. */
async function scanInOrder({ db, orgId, filter, sort, part }: SearchContext): Promise<DatedEvent[] | null> {
  const reach = Math.max(SCAN_ROWS.min, SCAN_ROWS.perWanted * (part.offset + part.limit));
  const events = await auditEvents(db).scanInOrder(orgId, filter, sort, part, reach);
  return events.length === part.limit ? events : null;
}

/**
 * Where a walk ends too soon: what is common on the whole may be rare in an organization, or lie far from the beginning.
 */
function collectAll({ db, orgId, filter, sort, part }: SearchContext): Promise<CollectedEvents> {
  return collectByIndex(db, orgId, filter, sort, part, NO_LIMIT);
}

/** PostgreSQL's largest integer, and one to spare. */
const NO_LIMIT = 2_147_483_646;

/** Counted where an estimate does not say that there are surely more than are counted. */
async function countAll({ db, orgId, filter }: SearchContext, estimate: number): Promise<Total> {
  if (estimate > MIN_ESTIMATE_ONLY) return { records: estimate, isEstimate: true };
  const counted = await auditEvents(db).count(orgId, filter, MAX_EXACT_TOTAL + 1);
  return counted > MAX_EXACT_TOTAL
    ? { records: Math.max(estimate, counted), isEstimate: true }
    : exactTotal(counted);
}

const exactTotal = (records: number): Total => ({ records, isEstimate: false });

function positionOf({ eventType, severity, createdAt, id }: DatedEvent, { by }: Sort): SortPosition {
  const values = { created_at: null, severity: severityRank(severity), event_type: eventType };
  return { value: values[by], createdAt, id };
}
