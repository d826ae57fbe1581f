import {
  EntityName,
  fieldFailure,
  type Failure,
  Id,
  isoTime,
  Label,
  pageQuery,
  text,
  type EntityRef,
} from '@oriontel/contracts';
import { z } from 'zod';

/** A name that an entity of an organization was given by hand. */
export const NamedEntity = z
  .strictObject({ name: Label, org_id: Id.optional() })
  .meta({ id: 'NamedEntity', examples: [{ name: 'Main Outbound Plan' }] });
export type NamedEntity = z.output<typeof NamedEntity>;

export const Entity = z
  .strictObject({
    org_id: z.int(),
    type: z.string(),
    id: z.string(),
    name: z.string().nullable().meta({ description: 'Null where nobody has named it yet' }),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'Entity',
    examples: [
      {
        org_id: 12345,
        type: 'dialplan',
        id: 'dp-001',
        name: 'Main Outbound Plan',
        created_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type Entity = z.output<typeof Entity>;

export const EntityQuery = z.strictObject({
  ...pageQuery,
  type: EntityName.optional(),
  text: text(128).optional().meta({ description: 'Part of the id or the name, in any case' }),
});
export type EntityQuery = z.output<typeof EntityQuery>;

export interface FoundEntity extends EntityRef {
  orgId: number;
  name: string | null;
  createdAt: Date;
}

export function presentEntity({ orgId, type, id, name, createdAt }: FoundEntity): Entity {
  return {
    org_id: orgId,
    type,
    id,
    name,
    created_at: isoTime(createdAt),
  };
}

/** Users, organizations, extensions and gateways are there or not there elsewhere: nobody makes one by naming it here. */
export const ownedElsewhere = ['user', 'org', 'extension', 'gateway'] as const;
export type OwnedElsewhere = (typeof ownedElsewhere)[number];

export function isOwnedElsewhere(type: string): type is OwnedElsewhere {
  return ownedElsewhere.includes(type as OwnedElsewhere);
}

/** The path of imports: no entity can be read behind it. */
const RESERVED_TYPE = 'imports';

const invalidEntity = (message: string): Failure => fieldFailure('entity', message);

/** Reads `type/id`. @throws Failure bad_request */
export function parseEntityRef(path: string): EntityRef {
  const [type, id, ...rest] = path.split('/').map((part) => EntityName.safeParse(part).data);
  if (!type || !id || rest.length)
    throw invalidEntity('must be type/id, each 1 to 64 letters, digits, dots, underscores or hyphens');
  if (type === RESERVED_TYPE)
    throw invalidEntity(`must have another type: ${RESERVED_TYPE} is a path of its own`);
  return { type, id };
}

/** A type that PUT /entities may fill. @throws Failure bad_request */
export function assertRegistrable(type: string): void {
  if (!isOwnedElsewhere(type) && type !== RESERVED_TYPE) return;
  throw fieldFailure('type', `must be another: ${type} is not registered by hand`);
}

/** `type/id`, as it is stored and shown. No type has a slash. */
export function formatEntityRef({ type, id }: EntityRef): string {
  return `${type}/${id}`;
}
