import { isoTime } from '@oriontel/contracts';
import { z } from 'zod';
import { ActorType, Severity, type DatedEvent } from './audit-event.ts';
import type { Names } from './load-names.ts';
import type { EventPage } from '../search/search-events.ts';

const Actor = z.object({
  id: z.int().optional(),
  type: ActorType,
  name: z.string().optional().meta({ description: 'Current name; absent if the actor no longer exists' }),
});
const Resource = z.object({
  type: z.string().optional(),
  id: z.string().optional(),
  name: z.string().optional(),
});

/** Response of PUT /eventlog/:orgId. */
export const CreatedEvent = z
  .object({
    status: z.literal('success'),
    event_log_id: z.string(),
    org_id: z.int(),
    created_at: z.iso.datetime(),
    event_type: z.string(),
    severity: Severity,
  })
  .meta({
    id: 'CreatedEvent',
    examples: [
      {
        status: 'success',
        event_log_id: 'evt-20240115-276cf40a1b2c3d4e5f60718',
        org_id: 12345,
        created_at: '2024-01-15T11:30:00Z',
        event_type: 'config_change',
        severity: 'info',
      },
    ],
  });
export type CreatedEvent = z.output<typeof CreatedEvent>;

/** An event in search results. Unknown fields are omitted. */
export const FoundEvent = z.object({
  event_log_id: z.string(),
  event_type: z.string(),
  severity: Severity,
  description: z.string(),
  actor: Actor,
  resource: Resource.optional(),
  ip_address: z.string().optional(),
  created_at: z.iso.datetime(),
});
export type FoundEvent = z.output<typeof FoundEvent>;

/** Response of GET /eventlog/:orgId/:eventLogId. */
export const EventLogEntry = FoundEvent.extend({
  org_id: z.int(),
  actor: Actor.extend({ email: z.string().optional() }),
  metadata: z.record(z.string(), z.unknown()).optional(),
  user_agent: z.string().optional().meta({ description: 'Client that created the entry' }),
}).meta({
  id: 'EventLogEntry',
  examples: [
    {
      event_log_id: 'evt-20240115-abc123',
      org_id: 12345,
      event_type: 'config_change',
      severity: 'info',
      actor: { id: 67890, type: 'user', name: 'John Smith', email: 'john.smith@example.com' },
      resource: { type: 'dialplan', id: 'dp-001', name: 'Main Outbound Plan' },
      description: 'Updated outbound dialing rules',
      metadata: { previous_value: 'old_rule', new_value: 'new_rule' },
      ip_address: '192.168.1.100',
      user_agent: 'Mozilla/5.0...',
      created_at: '2024-01-15T11:30:00Z',
    },
  ],
});
export type EventLogEntry = z.output<typeof EventLogEntry>;

/** Response of POST /eventlog/:orgId. */
export const FoundEvents = z
  .object({
    status: z.literal('success'),
    pagination: z.object({
      page: z.int(),
      per_page: z.int(),
      total_records: z.int().meta({ description: 'Exact up to 100,000, beyond that an estimate' }),
      total_pages: z.int(),
      total_is_estimate: z.literal(true).optional(),
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: 'Value of `cursor` for the next page; null on the last page' }),
    }),
    results: z.array(FoundEvent),
  })
  .meta({
    id: 'FoundEvents',
    examples: [
      {
        status: 'success',
        pagination: { page: 1, per_page: 25, total_records: 1, total_pages: 1, next_cursor: null },
        results: [
          {
            event_log_id: 'evt-20240115-def456',
            event_type: 'security',
            severity: 'warning',
            description: 'Failed login attempt from unknown IP',
            actor: { type: 'system' },
            ip_address: '203.0.113.50',
            created_at: '2024-01-15T10:45:00Z',
          },
        ],
      },
    ],
  });
export type FoundEvents = z.output<typeof FoundEvents>;

export function presentCreatedEvent({ id, orgId, createdAt, eventType, severity }: DatedEvent): CreatedEvent {
  return {
    status: 'success',
    event_log_id: id,
    org_id: orgId,
    created_at: isoTime(createdAt),
    event_type: eventType,
    severity,
  };
}

export function presentEntry(event: DatedEvent, names: Names): EventLogEntry {
  return {
    ...presentFoundEvent(event, names),
    org_id: event.orgId,
    actor: { ...presentActor(event, names), ...optionalField('email', names.user(event.actorId)?.email) },
    ...optionalField('metadata', event.metadata),
    ...optionalField('user_agent', event.userAgent),
  };
}

export function presentFoundEvents(
  { events, page, perPage, total, nextCursor }: EventPage,
  names: Names,
): FoundEvents {
  return {
    status: 'success',
    pagination: {
      page,
      per_page: perPage,
      total_records: total.records,
      total_pages: Math.ceil(total.records / perPage),
      ...(total.isEstimate && { total_is_estimate: true }),
      next_cursor: nextCursor,
    },
    results: events.map((event) => presentFoundEvent(event, names)),
  };
}

function presentFoundEvent(event: DatedEvent, names: Names): FoundEvent {
  return {
    event_log_id: event.id,
    event_type: event.eventType,
    severity: event.severity,
    description: event.description,
    actor: presentActor(event, names),
    ...presentResource(event, names),
    ...optionalField('ip_address', event.ipAddress),
    created_at: isoTime(event.createdAt),
  };
}

function presentActor({ actorId, actorType }: DatedEvent, names: Names): FoundEvent['actor'] {
  return {
    ...optionalField('id', actorId),
    type: actorType,
    ...optionalField('name', names.user(actorId)?.name),
  };
}

function presentResource(
  { resourceType, resourceId }: DatedEvent,
  names: Names,
): Pick<FoundEvent, 'resource'> {
  return resourceType === null && resourceId === null
    ? {}
    : {
        resource: {
          ...optionalField('type', resourceType),
          ...optionalField('id', resourceId),
          ...optionalField('name', names.resource(resourceType, resourceId)),
        },
      };
}

function optionalField<K extends string, T>(key: K, value: T | null | undefined): { [P in K]?: T } {
  return value === null || value === undefined ? {} : ({ [key]: value } as { [P in K]?: T });
}
