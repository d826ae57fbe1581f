import { isoTime, required, type JsonObject, type Principal } from '@oriontel/contracts';
import { z } from 'zod';
import { maskSecrets } from './mask-secrets.ts';

export const ExtensionType = z.enum(['sip', 'iax', 'custom'], required('must be sip, iax or custom'));
export type ExtensionType = z.output<typeof ExtensionType>;

/** An extension in responses. */
export const Extension = z
  .object({
    id: z.uuid(),
    org_id: z.int(),
    extension_number: z.string(),
    name: z.string(),
    extension_type: ExtensionType,
    config_data: z
      .record(z.string(), z.unknown())
      .meta({ description: 'Secrets are masked as ******** except for managers and admins' }),
    created_at: z.iso.datetime(),
    updated_at: z.iso.datetime(),
  })
  .meta({
    id: 'Extension',
    examples: [
      {
        id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
        org_id: 12345,
        extension_number: '1001',
        name: 'Reception',
        extension_type: 'sip',
        config_data: { context: 'default' },
        created_at: '2024-01-15T10:30:00Z',
        updated_at: '2024-01-15T10:30:00Z',
      },
    ],
    description: 'An extension of the PBX of an organization',
  });
export type Extension = z.output<typeof Extension>;

export interface FoundExtension {
  id: string;
  orgId: number;
  extensionNumber: string;
  name: string;
  extensionType: ExtensionType;
  configData: JsonObject;
  createdAt: Date;
  updatedAt: Date;
}

const canReadSecrets = (reader: Principal): boolean => reader.kind === 'user' && reader.role !== 'user';

export function presentExtension(extension: FoundExtension, reader: Principal): Extension {
  return {
    id: extension.id,
    org_id: extension.orgId,
    extension_number: extension.extensionNumber,
    name: extension.name,
    extension_type: extension.extensionType,
    config_data: canReadSecrets(reader) ? extension.configData : maskSecrets(extension.configData),
    created_at: isoTime(extension.createdAt),
    updated_at: isoTime(extension.updatedAt),
  };
}
