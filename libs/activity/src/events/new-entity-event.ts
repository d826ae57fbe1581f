import { EntityName, JsonObject, time } from '@oriontel/contracts';
import { z } from 'zod';

/** The body of PUT /events/{entity}. What it holds besides is ignored. */
export const NewEntityEvent = z
  .object({
    type: EntityName.meta({ description: 'Such as registration, device_offline, call' }),
    data: JsonObject,
    timestamp: time.nullish().meta({ description: 'When it happened; now where it is absent' }),
    notify: z
      .boolean('must be true or false')
      .nullish()
      .meta({ description: 'Whether webhooks and the notifier are to tell of it; false where it is absent' }),
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
