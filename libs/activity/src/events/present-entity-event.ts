import { EntityName, isoTime, Limit, time } from '@oriontel/contracts';
import { z } from 'zod';
import { OwnerQuery } from '../entities/entity-path.ts';
import type { AcceptedEvent } from './entity-event.ts';
import type { FoundEvent } from './entity-event.repository.ts';

/** A query of the platform API: unknown parameters are ignored. */
export const EntityEventQuery = z.object({
  type: EntityName.optional(),
  since: time.optional().meta({
    description:
      'Return the first events at or after this time; without it the latest events. Always oldest first',
  }),
  limit: Limit,
  ...OwnerQuery.shape,
});

/** The response to a created event. */
export const CreatedEntityEvent = z
  .object({
    status: z.literal('success'),
    event_id: z.string(),
    entity: z.string(),
    type: z.string(),
    created_at: z.iso.datetime().meta({ description: 'When the event was accepted' }),
    notifications_sent: z
      .int()
      .meta({ description: 'Number of deliveries created, to webhooks and by email' }),
    notifications_queued: z.literal(true).optional().meta({
      description:
        'Present if the event is accepted but not stored yet: its notifications follow and are not counted',
    }),
  })
  .meta({
    id: 'CreatedEntityEvent',
    examples: [
      {
        status: 'success',
        event_id: 'evt-20240115-2932e0096a1f03c5d7b2e84',
        entity: 'user/67890',
        type: 'device_offline',
        created_at: '2024-01-15T12:00:00Z',
        notifications_sent: 1,
      },
    ],
  });
export type CreatedEntityEvent = z.output<typeof CreatedEntityEvent>;

/** Events of an entity, oldest first. */
export const FoundEntityEvents = z
  .object({
    status: z.literal('success'),
    entity: z.string(),
    events: z.array(
      z.object({
        event_id: z.string(),
        type: z.string(),
        timestamp: z.iso.datetime().meta({ description: 'When the event happened' }),
        data: z.record(z.string(), z.unknown()),
      }),
    ),
  })
  .meta({
    id: 'FoundEntityEvents',
    examples: [
      {
        status: 'success',
        entity: 'org/12345',
        events: [
          {
            event_id: 'evt-reg-001',
            type: 'registration',
            timestamp: '2024-01-15T10:00:00Z',
            data: {
              user_id: 67890,
              device: 'Polycom VVX 450',
              ip_address: '192.168.1.50',
              registration_type: 'new',
            },
          },
        ],
      },
    ],
  });
export type FoundEntityEvents = z.output<typeof FoundEntityEvents>;

/** `sent` null: the number of notifications is not known yet. */
export function presentCreated(
  { id, entity, type, acceptedAt }: AcceptedEvent,
  sent: number | null,
): CreatedEntityEvent {
  return {
    status: 'success',
    event_id: id,
    entity,
    type,
    created_at: isoTime(acceptedAt),
    notifications_sent: sent ?? 0,
    ...(sent === null && { notifications_queued: true }),
  };
}

export function presentFound(entity: string, found: FoundEvent[]): FoundEntityEvents {
  return {
    status: 'success',
    entity,
    events: found.map(({ id, type, at, data }) => ({ event_id: id, type, timestamp: isoTime(at), data })),
  };
}
