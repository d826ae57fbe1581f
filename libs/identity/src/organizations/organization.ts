import { isoTime, Label, Region } from '@oriontel/contracts';
import { z } from 'zod';

const region = Region.nullish().meta({
  description: 'ISO 3166 alpha-2: how national numbers are read. Null: as the installation does',
});

const DAYS_MESSAGE = 'must be a whole number of days from 1 to 36500';
const retention_days = z.int(DAYS_MESSAGE).min(1, DAYS_MESSAGE).max(36_500, DAYS_MESSAGE).nullish().meta({
  description:
    'CDRs that are older are deleted. Null: as the installation does, which keeps them for ever unless told otherwise',
});

export const NewOrganization = z
  .strictObject({ name: Label, region, retention_days })
  .meta({ id: 'NewOrganization', examples: [{ name: 'Example Telecom', region: 'US' }] });
export type NewOrganization = z.output<typeof NewOrganization>;

export const OrganizationUpdate = z
  .strictObject({
    name: Label.optional(),
    region,
    retention_days,
    disabled: z
      .boolean()
      .optional()
      .meta({ description: 'For admins: keeps out its users and keys, but no admin' }),
  })
  .refine((update) => Object.keys(update).length > 0, 'must change at least one member')
  .meta({ id: 'OrganizationUpdate', examples: [{ region: 'DE' }] });
export type OrganizationUpdate = z.output<typeof OrganizationUpdate>;

/** An organization as it reads over HTTP. */
export const Organization = z
  .object({
    id: z.int(),
    name: z.string(),
    region: z.string().nullable(),
    retention_days: z.int().nullable(),
    disabled: z.boolean(),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'Organization',
    examples: [
      {
        id: 12345,
        name: 'Example Telecom',
        region: 'US',
        retention_days: null,
        disabled: false,
        created_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type Organization = z.output<typeof Organization>;

export interface FoundOrganization {
  id: number;
  name: string;
  region: string | null;
  retentionDays: number | null;
  disabledAt: Date | null;
  createdAt: Date;
}

export function presentOrganization(found: FoundOrganization): Organization {
  return {
    id: found.id,
    name: found.name,
    region: found.region,
    retention_days: found.retentionDays,
    disabled: found.disabledAt !== null,
    created_at: isoTime(found.createdAt),
  };
}
