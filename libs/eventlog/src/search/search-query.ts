import { EntityName, Id, time } from '@oriontel/contracts';
import { z } from 'zod';
import type { EventFilter, Sort } from '../events/audit-event.repository.ts';
import { ActorType, severityRank, Severity } from '../events/audit-event.ts';
import { IpAddress, normalizeAddress } from '../events/ip-address.ts';
import { extractWords } from '../events/extract-words.ts';

const PAGE_MESSAGE = 'must be a whole number of at least 1';
const PER_PAGE_MESSAGE = 'must be a whole number from 1 to 500';
/** Limit of `page` × `per_page`: an offset reads every skipped record. Cursors have no limit. */
const MAX_PAGED_RECORDS = 10_000;
const MAX_FILTER_VALUES = 100;

/** Body of POST /eventlog/:orgId. Unknown fields are ignored. */
export const SearchQuery = z
  .object({
    event_types: z.array(EntityName).max(MAX_FILTER_VALUES).nullish(),
    severities: z.array(Severity).max(MAX_FILTER_VALUES).nullish(),
    actor_id: Id.nullish(),
    actor_type: ActorType.nullish(),
    resource_type: EntityName.nullish(),
    resource_id: EntityName.nullish(),
    date_from: time.nullish().meta({ description: 'Events at or after this time' }),
    date_to: time.nullish().meta({ description: 'Events at or before this time' }),
    search_text: z.string().max(1_000).nullish().meta({
      description: 'Words that the description must contain, all of them, in any order, case-insensitive',
    }),
    ip_address: IpAddress.nullish().meta({ description: 'Exact address, in any notation' }),
    page: z.int(PAGE_MESSAGE).min(1, PAGE_MESSAGE).default(1),
    per_page: z.int(PER_PAGE_MESSAGE).min(1, PER_PAGE_MESSAGE).max(500, PER_PAGE_MESSAGE).default(50),
    sort_by: z.enum(['created_at', 'severity', 'event_type']).default('created_at').meta({
      description: 'Severity sorts by rank, from info to critical; equal values sort by time',
    }),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
    cursor: z.string().max(500).nullish().meta({
      description: 'next_cursor of the previous page of the same search; page is ignored',
    }),
  })
  .superRefine(({ date_from, date_to, page, per_page, cursor }, context) => {
    if (date_from && date_to && new Date(date_from) > new Date(date_to)) {
      context.addIssue({ code: 'custom', path: ['date_to'], message: 'must not be before date_from' });
    }
    if (!cursor && page * per_page > MAX_PAGED_RECORDS) {
      const message = `must not reach beyond ${MAX_PAGED_RECORDS} records: use cursor for later pages`;
      context.addIssue({ code: 'custom', path: ['page'], message });
    }
  })
  .meta({
    id: 'EventSearch',
    examples: [
      {
        event_types: ['config_change', 'security'],
        severities: ['warning', 'error', 'critical'],
        date_from: '2024-01-01T00:00:00Z',
        date_to: '2024-01-15T23:59:59Z',
        page: 1,
        per_page: 25,
        sort_by: 'created_at',
        sort_order: 'desc',
      },
    ],
  });
export type SearchQuery = z.output<typeof SearchQuery>;

/** Null if nothing can match: search_text is not empty but contains no words. */
export function toEventFilter(query: SearchQuery): EventFilter | null {
  const text = query.search_text?.trim();
  const words = text ? extractWords(text) : undefined;
  if (words && !words.length) return null;
  return {
    eventTypes: distinct(query.event_types),
    severities: distinct(query.severities)?.map(severityRank),
    actorId: query.actor_id ?? undefined,
    actorType: query.actor_type ?? undefined,
    resourceType: query.resource_type ?? undefined,
    resourceId: query.resource_id ?? undefined,
    from: query.date_from ? new Date(query.date_from) : undefined,
    to: query.date_to ? new Date(query.date_to) : undefined,
    words,
    ipAddress: query.ip_address ? normalizeAddress(query.ip_address) : undefined,
  };
}

/** An empty list is no filter. */
function distinct<T>(values: T[] | null | undefined): T[] | undefined {
  return values?.length ? [...new Set(values)].sort() : undefined;
}

export function toSort({ sort_by, sort_order }: SearchQuery): Sort {
  return { by: sort_by, order: sort_order };
}
