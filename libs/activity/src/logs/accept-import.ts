import type { EntityRef } from '@oriontel/contracts';
import type { PartsIntake } from '@oriontel/intake';
import { formatEntityRef, isExternalType } from '../entities/entity.ts';
import { entities } from '../entities/entity.repository.ts';
import type { ImportReader } from './create-import-reader.ts';
import { newImportId, type LogImport } from './log-import.ts';
import { logImports } from './log-import.repository.ts';

export interface ImportRequest {
  orgId: number;
  ref: EntityRef;
  /** The raw body in blocks; their memory is transferred to a thread. */
  body: Uint8Array<ArrayBuffer>[];
  requestId: string;
}

/**
 * Creates a function that parses an import, commits all of it to the intake or nothing, registers its entity
 * and returns the import.
 * @throws Failure bad_request, unprocessable, too_large, unavailable
 */
export function acceptImport(reader: Pick<ImportReader, 'read'>, intake: Pick<PartsIntake, 'accept'>) {
  return async function commitImport({ orgId, ref, body, requestId }: ImportRequest): Promise<LogImport> {
    const now = new Date();
    const id = newImportId(now);
    const entity = formatEntityRef(ref);
    const read = await reader.read({ body, orgId, entity, importId: id, now: now.getTime() });
    const { source, deduplicate, received, parts } = read;
    const newImport = { id, orgId, entity, source, deduplicate, received, parts: parts.length };
    await intake.accept({
      orgId,
      key: id,
      requestId,
      parts: decodeParts(parts),
      bytes: parts.reduce((sum, { byteLength }) => sum + byteLength, 0),
      async alongside(tx) {
        await logImports(tx).create(newImport);
        if (!isExternalType(ref.type)) await entities(tx).register([{ orgId, ...ref }]);
      },
    });
    return { ...newImport, imported: 0, duplicates: 0, partsStored: 0, createdAt: now };
  };
}

/** Decodes one part at a time: decoding all at once would block the event loop. */
function* decodeParts(parts: Uint8Array<ArrayBuffer>[]): Generator<string> {
  for (const part of parts) yield Buffer.from(part.buffer).toString('utf8');
}
