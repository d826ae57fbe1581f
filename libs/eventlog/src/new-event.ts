import { EntityName, Id, JsonObject, text } from '@oriontel/contracts';
import { z } from 'zod';
import { ActorType, Severity } from './audit-event.ts';
import { IpAddress } from './ip-address.ts';

/** The body of PUT /eventlog/:orgId. What it holds besides is ignored. */
export const NewEvent = z
  .object({
    event_type: EntityName.meta({ description: 'Such as user_login, config_change, security' }),
    severity: Severity.nullish(),
    actor_id: Id.nullish().meta({ description: 'The user who did it. A plain user may only name itself' }),
    actor_type: ActorType.nullish().meta({
      description: 'user where actor_id is given; otherwise what the writer is: user, or api for a key',
    }),
    resource_type: EntityName.nullish(),
    resource_id: EntityName.nullish(),
    description: text(4096),
    metadata: JsonObject.nullish(),
    ip_address: IpAddress.nullish(),
  })
  .meta({
    id: 'NewEvent',
    examples: [
      {
        event_type: 'config_change',
        severity: 'info',
        actor_id: 67890,
        actor_type: 'user',
        resource_type: 'dialplan',
        resource_id: 'dp-001',
        description: 'Updated outbound dialing rules',
        metadata: {
          previous_value: 'old_rule',
          new_value: 'new_rule',
          fields_changed: ['destination_pattern'],
        },
        ip_address: '192.168.1.100',
      },
    ],
  });
export type NewEvent = z.output<typeof NewEvent>;
