import { pageQuery, text, type Paged } from '@oriontel/contracts';
import type { ModelQueryable } from '@oriontel/database';
import { z } from 'zod';
import { ExtensionType, type FoundExtension } from './extension.ts';
import { extensions } from './extension.repository.ts';

export const ExtensionQuery = z.strictObject({
  ...pageQuery,
  type: ExtensionType.optional(),
  text: text(255).optional().meta({ description: 'Substring of the number or the name, case-insensitive' }),
});
export type ExtensionQuery = z.output<typeof ExtensionQuery>;

/** A page of extensions, ordered by organization and number. */
export function searchExtensions(db: ModelQueryable) {
  return async function findExtensionPage(
    orgId: number | null,
    query: ExtensionQuery,
  ): Promise<Paged<FoundExtension>> {
    const [items, total] = await Promise.all([
      extensions(db).search(orgId, query, query),
      extensions(db).count(orgId, query),
    ]);
    return { items, total };
  };
}
