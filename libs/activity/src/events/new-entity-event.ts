import { EntityName, JsonObject, time } from '@oriontel/contracts';
import { z } from 'zod';

/** The body of PUT /events/{entity}. Unknown members are ignored. */
export const NewEntityEvent = z
  .object({
    type: EntityName.meta({ description: 'Kind of event, such as registration, device_offline or call' }),
    data: JsonObject,
    timestamp: time.nullish().meta({ description: 'When it happened; defaults to now' }),
    notify: z
      .boolean('must be true or false')
      .nullish()
      .meta({ description: 'Whether to notify webhooks and notifier rules; defaults to false' }),
  })
  .meta({
    id: 'NewEntityEvent',
    examples: [
      {
        type: 'device_offline',
        data: {
          device_id: 'dev-001',
          device_name: 'Desk Phone',
          last_seen: '2024-01-15T09:45:00Z',
          reason: 'timeout',
        },
        notify: true,
      },
    ],
  });
export type NewEntityEvent = z.output<typeof NewEntityEvent>;
