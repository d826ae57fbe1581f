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

/** The body of PUT /entities/:type/:id. */
export const NamedEntity = z
  .strictObject({ name: Label, org_id: Id.optional() })
  .meta({ id: 'NamedEntity', examples: [{ name: 'Main Outbound Plan' }] });
export type NamedEntity = z.output<typeof NamedEntity>;

export const Entity = z
  .strictObject({
    org_id: z.int(),
    type: z.string(),
    id: z.string(),
    name: z.string().nullable().meta({ description: 'Null until a name is set' }),
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
  text: text(128).optional().meta({ description: 'Part of the id or the name, ignoring case' }),
});
export type EntityQuery = z.output<typeof EntityQuery>;

export interface FoundEntity extends EntityRef {
  orgId: number;
  name: string | null;
  createdAt: Date;
}

export function presentEntity({ orgId, type, id, name, createdAt }: FoundEntity): Entity {
  return { org_id: orgId, type, id, name, created_at: isoTime(createdAt) };
}

/** Types whose entities other features store: they must exist there and cannot be registered here. */
export const EXTERNAL_TYPES = ['user', 'org', 'extension', 'gateway'] as const;
export type ExternalType = (typeof EXTERNAL_TYPES)[number];

export function isExternalType(type: string): type is ExternalType {
  return EXTERNAL_TYPES.includes(type as ExternalType);
}

/** `/logs/imports/:id` is the route of imports: no entity can have this type. */
const RESERVED_TYPE = 'imports';

const invalidEntity = (message: string): Failure => fieldFailure('entity', message);

/** Reads `type/id`. @throws Failure bad_request */
export function parseEntityRef(path: string): EntityRef {
  const [type, id, ...rest] = path.split('/').map((part) => EntityName.safeParse(part).data);
  if (!type || !id || rest.length)
    throw invalidEntity('must be type/id, each 1 to 64 letters, digits, dots, underscores or hyphens');
  if (type === RESERVED_TYPE) throw invalidEntity(`must not have the reserved type ${RESERVED_TYPE}`);
  return { type, id };
}

/** @throws Failure bad_request for a type that PUT /entities does not register */
export function assertRegistrable(type: string): void {
  if (!isExternalType(type) && type !== RESERVED_TYPE) return;
  throw fieldFailure('type', `must not be ${type}: entities of this type cannot be registered by name`);
}

/** `type/id`: the stored and presented form. A type contains no slash. */
export function formatEntityRef({ type, id }: EntityRef): string {
  return `${type}/${id}`;
}
