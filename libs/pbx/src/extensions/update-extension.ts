import { JsonObject, Label } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import { z } from 'zod';
import { ExtensionType, type FoundExtension } from './extension.ts';
import { extensions } from './extension.repository.ts';

export const ExtensionUpdate = z
  .strictObject({
    name: Label.optional(),
    extension_type: ExtensionType.optional(),
    config_data: JsonObject.optional().meta({ description: 'Replaces the previous config_data as a whole' }),
  })
  .refine((update) => Object.keys(update).length > 0, 'must have name, extension_type or config_data')
  .meta({ id: 'ExtensionUpdate', examples: [{ name: 'Lobby' }] });
export type ExtensionUpdate = z.output<typeof ExtensionUpdate>;

/** Partial update: omitted fields keep their value. Returns null if not found. */
export function updateExtension(db: ModelQueryable) {
  return function applyExtensionUpdate(
    orgId: number | null,
    id: string,
    { name, extension_type, config_data }: ExtensionUpdate,
  ): Promise<FoundExtension | null> {
    return extensions(db).update(orgId, id, { name, extensionType: extension_type, configData: config_data });
  };
}
