import { isoTime, Label, Region } from '@oriontel/contracts';
import { z } from 'zod';

const region = Region.nullish().meta({
  description:
    'ISO 3166-1 alpha-2: how national numbers are parsed. Null: the DEFAULT_REGION of the installation',
});

const DAYS_MESSAGE = 'must be a whole number of days from 1 to 36500';
const retention_days = z.int(DAYS_MESSAGE).min(1, DAYS_MESSAGE).max(36_500, DAYS_MESSAGE).nullish().meta({
  description:
    'Days after which CDRs are deleted. Null: RETENTION_DAYS of the installation, unlimited by default',
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
    disabled: z.boolean().optional().meta({
      description: 'Admins only. true locks out the users and API keys of the organization, except admins',
    }),
  })
  .refine((update) => Object.keys(update).length > 0, 'must change at least one field')
  .meta({ id: 'OrganizationUpdate', examples: [{ region: 'DE' }] });
export type OrganizationUpdate = z.output<typeof OrganizationUpdate>;

/** An organization in responses. */
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

export function presentOrganization(organization: FoundOrganization): Organization {
  return {
    id: organization.id,
    name: organization.name,
    region: organization.region,
    retention_days: organization.retentionDays,
    disabled: organization.disabledAt !== null,
    created_at: isoTime(organization.createdAt),
  };
}
