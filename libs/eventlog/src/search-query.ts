import { EntityName, Id, time } from '@oriontel/contracts';
import { z } from 'zod';
import type { EventFilter, Sort } from './audit-event.repository.ts';
import { ActorType, severityRank, Severity } from './audit-event.ts';
import { IpAddress, normalizeAddress } from './ip-address.ts';
import { extractWords } from './extract-words.ts';

const PAGE_MESSAGE = 'must be a whole number from 1 on';
const PER_PAGE_MESSAGE = 'must be a whole number from 1 to 500';
/** How far pages reach; what is beyond would have to be read through each time. */
const MAX_PAGED_RECORDS = 10_000;
const MAX_FILTER_VALUES = 100;

/** The body of POST /eventlog/:orgId. What it holds besides is ignored. */
export const SearchQuery = z
  .object({
    event_types: z.array(EntityName).max(MAX_FILTER_VALUES).nullish(),
    severities: z.array(Severity).max(MAX_FILTER_VALUES).nullish(),
    actor_id: Id.nullish(),
    actor_type: ActorType.nullish(),
    resource_type: EntityName.nullish(),
    resource_id: EntityName.nullish(),
    date_from: time.nullish().meta({ description: 'Events of then or later' }),
    date_to: time.nullish().meta({ description: 'Events of then or earlier' }),
    search_text: z
      .string()
      .max(1_000)
      .nullish()
      .meta({ description: 'Words of the description: all of them, in any case and order' }),
    ip_address: IpAddress.nullish().meta({ description: 'This very address, in any spelling' }),
    page: z.int(PAGE_MESSAGE).min(1, PAGE_MESSAGE).default(1),
    per_page: z.int(PER_PAGE_MESSAGE).min(1, PER_PAGE_MESSAGE).max(500, PER_PAGE_MESSAGE).default(50),
    sort_by: z.enum(['created_at', 'severity', 'event_type']).default('created_at').meta({
      description: 'Severity by its rank, from info to critical; events that are alike come by time',
    }),
    sort_order: z.enum(['asc', 'desc']).default('desc'),
    cursor: z.string().max(500).nullish().meta({
      description: 'next_cursor of the page before, with the same search; it counts instead of page',
    }),
  })
  .superRefine(({ date_from, date_to, page, per_page, cursor }, context) => {
    if (date_from && date_to && new Date(date_from) > new Date(date_to)) {
      context.addIssue({ code: 'custom', path: ['date_to'], message: 'must not be before date_from' });
    }
    if (!cursor && page * per_page > MAX_PAGED_RECORDS) {
      const message = `must not reach beyond ${MAX_PAGED_RECORDS} records: go on from page to page by cursor`;
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

/** Null where nothing can match: words were asked for, and there are none in the text. */
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
