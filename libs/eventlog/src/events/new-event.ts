import { EntityName, Id, JsonObject, text } from '@oriontel/contracts';
import { z } from 'zod';
import { ActorType, Severity } from './audit-event.ts';
import { IpAddress } from './ip-address.ts';

/** Body of PUT /eventlog/:orgId. Unknown fields are ignored. */
export const NewEvent = z
  .object({
    event_type: EntityName.meta({ description: 'For example user_login, config_change or security' }),
    severity: Severity.nullish(),
    actor_id: Id.nullish().meta({ description: 'The user who acted. Users may specify only themselves' }),
    actor_type: ActorType.nullish().meta({
      description: 'Default: user if actor_id is given, else user or api by the credentials of the request',
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
