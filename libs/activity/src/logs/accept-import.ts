import type { EntityRef } from '@oriontel/contracts';
import type { PartsIntake } from '@oriontel/intake';
import { formatEntityRef } from '../entities/entity.ts';
import { entities } from '../entities/entity.repository.ts';
import { isOwnedElsewhere } from '../entities/entity.ts';
import { newImportId } from './log-import.ts';
import { logImports } from './log-import.repository.ts';
import type { ImportReader } from './create-import-reader.ts';

export interface ImportRequest {
  orgId: number;
  ref: EntityRef;
  /** In blocks, as it came; it is taken over. */
  body: Uint8Array<ArrayBuffer>[];
  requestId: string;
}

/**
 * Reads an import and commits all of it to the intake, or nothing; its entity is known from then on. Returns the import's id.
 * @throws Failure bad_request, unprocessable, too_large, unavailable
 */
export function acceptImport(reader: Pick<ImportReader, 'read'>, intake: Pick<PartsIntake, 'accept'>) {
  return async function commitImport({ orgId, ref, body, requestId }: ImportRequest): Promise<string> {
    const now = new Date();
    const importId = newImportId(now);
    const entity = formatEntityRef(ref);
    const read = await reader.read({ body, orgId, entity, importId, now: now.getTime() });
    const { source, deduplicate, received, parts } = read;
    await intake.accept({
      orgId,
      key: importId,
      requestId,
      parts: texts(parts),
      bytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
      async alongside(tx) {
        await logImports(tx).create({
          id: importId,
          orgId,
          entity,
          source,
          deduplicate,
          received,
          parts: parts.length,
        });
        if (!isOwnedElsewhere(ref.type)) await entities(tx).register([{ orgId, ...ref }]);
      },
    });
    return importId;
  };
}

/** One after the other: the whole at once would hold up every other request. */
function* texts(parts: Uint8Array<ArrayBuffer>[]): Generator<string> {
  for (const part of parts) yield Buffer.from(part.buffer).toString('utf8');
}
