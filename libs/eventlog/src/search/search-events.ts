import type { Database } from '@oriontel/database';
import {
  auditEvents,
  collectByIndex,
  type CollectedEvents,
  type EventFilter,
  type PageRange,
  type SortPosition,
  type Sort,
} from '../events/audit-event.repository.ts';
import { severityRank, type DatedEvent } from '../events/audit-event.ts';
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

/** Larger totals are estimates. */
const MAX_EXACT_TOTAL = 100_000;
/** Up to this many matches are collected and sorted. */
const MAX_COLLECTED = 5_000;
/** Planner estimates above this are not verified by counting: even if they are too high by a factor of 2. */
const MIN_ESTIMATE_ONLY = 2 * MAX_EXACT_TOTAL;
/**
 * The number of events scanned in sort order: at least `min`, and `perWanted` for each event up to the page
 * end.
 */
const SCAN_ROWS = { min: 20_000, perWanted: 10 };
/** Largest PostgreSQL integer minus 1: the repository adds 1. */
const NO_LIMIT = 2_147_483_646;

/**
 * Searches the audit log page by page. Few matches are collected by the indexes of the filters and sorted;
 * many matches are found by a scan along the index of the sort order. The planner's estimate selects the
 * strategy and the rows found confirm it: docs/decisions/0006.
 * @throws Failure bad_request if the cursor is malformed or of another search
 */
export function searchEvents(db: Database) {
  return async function searchEventPage(orgId: number, query: SearchQuery): Promise<EventPage> {
    const filter = toEventFilter(query);
    const sort = toSort(query);
    const perPage = query.per_page;
    if (!filter) return { events: [], page: query.page, perPage, total: exactTotal(0), nextCursor: null };
    const cursor = query.cursor ? decodeSearchCursor(orgId, filter, sort, query.cursor) : null;
    const page = cursor?.page ?? query.page;
    const range = {
      after: cursor?.position ?? null,
      offset: cursor ? 0 : (page - 1) * perPage,
      // One more than the page: its presence means that there is a next page.
      limit: perPage + 1,
    };
    const search = { db, orgId, filter, sort, range };
    const { events, total } = cursor ? await searchNextPage(search, cursor) : await searchFirstPage(search);
    const shown = events.slice(0, perPage);
    const last = shown.at(-1);
    const nextCursor =
      last && events.length > perPage
        ? encodeSearchCursor(orgId, filter, sort, { position: positionOf(last, sort), page: page + 1, total })
        : null;
    return { events: shown, page, perPage, total, nextCursor };
  };
}

interface SearchContext {
  db: Database;
  orgId: number;
  filter: EventFilter;
  sort: Sort;
  range: PageRange;
}

interface EventsWithTotal {
  events: DatedEvent[];
  total: Total;
}

async function searchFirstPage(search: SearchContext): Promise<EventsWithTotal> {
  const { db, orgId, filter, sort, range } = search;
  const estimate = await auditEvents(db).estimate(orgId, filter);
  if (estimate <= MAX_COLLECTED) {
    const collected = await auditEvents(db).collectMatches(orgId, filter, sort, range, MAX_COLLECTED);
    if (collected.total <= MAX_COLLECTED) return addTotal(search, collected);
  }
  const scanned = await scanInOrder(search);
  if (!scanned) return addTotal(search, await collectAll(search));
  return { events: scanned, total: await countAll(search, estimate) };
}

async function searchNextPage(search: SearchContext, { total }: SearchCursor): Promise<EventsWithTotal> {
  const isFew = !total.isEstimate && total.records <= MAX_COLLECTED;
  const scanned = isFew ? null : await scanInOrder(search);
  return { events: scanned ?? (await collectAll(search)).events, total };
}

/** Counts the matches if the page is beyond the last one: `collectMatches` then returns no total. */
async function addTotal(
  { db, orgId, filter, range }: SearchContext,
  { events, total }: CollectedEvents,
): Promise<EventsWithTotal> {
  const isBeyond = !events.length && range.offset > 0;
  const records = isBeyond ? await auditEvents(db).count(orgId, filter, range.offset) : total;
  return { events, total: exactTotal(records) };
}

/** Null if the scan ends before the page is full: further matches may lie beyond it. */
async function scanInOrder({ db, orgId, filter, sort, range }: SearchContext): Promise<DatedEvent[] | null> {
  const maxScanned = Math.max(SCAN_ROWS.min, SCAN_ROWS.perWanted * (range.offset + range.limit));
  const events = await auditEvents(db).scanInOrder(orgId, filter, sort, range, maxScanned);
  return events.length === range.limit ? events : null;
}

/**
 * For scans that end too soon: matches that are frequent overall may be rare in an organization or late in
 * the order.
 */
function collectAll({ db, orgId, filter, sort, range }: SearchContext): Promise<CollectedEvents> {
  return collectByIndex(db, orgId, filter, sort, range, NO_LIMIT);
}

/** Counts up to MAX_EXACT_TOTAL, unless the estimate is clearly above it. */
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
