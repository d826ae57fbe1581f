import type { Cursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { CallRecord } from '../call-record.ts';
import { callRecords, type FoundLeg } from '../call-record.repository.ts';
import type { RegionOf } from '../leg-dependencies.ts';
import { awaitWorkers } from '../pending-calls.ts';
import { presentCall } from '../present-call.ts';
import { CallQuery, toCallFilter } from '../search-calls.ts';
import { writeCsv } from './write-csv.ts';

export const ExportQuery = CallQuery.omit({ limit: true, cursor: true }).extend({
  format: z.enum(['csv', 'ndjson'], 'must be csv or ndjson').default('csv'),
});
export type ExportQuery = z.output<typeof ExportQuery>;

/** How calls are written to a file. */
interface ExportFormat {
  contentType: string;
  head: string;
  write: (calls: CallRecord[]) => string;
}

const COLUMNS = Object.keys(CallRecord.shape) as (keyof CallRecord)[];

export const EXPORT_FORMATS: Record<ExportQuery['format'], ExportFormat> = {
  csv: {
    // RFC 7111, 5.1 and RFC 4180, 3.
    contentType: 'text/csv; charset=utf-8; header=present',
    head: writeCsv([COLUMNS]),
    write: (calls) => writeCsv(calls.map((call) => COLUMNS.map((column) => call[column]))),
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    write: (calls) => calls.map((call) => `${JSON.stringify(call)}\n`).join(''),
  },
};

/** Legs per chunk: an export holds two chunks in memory, one being written and the next one. */
const CHUNK_LEGS = 1_000;

/**
 * Streams the text of a file, newest legs first. Each chunk is one statement that continues after the last
 * leg of the previous one: a slow client keeps no transaction open, no leg is written twice, and legs stored
 * meanwhile are included if their position is still ahead. The first chunk is read before it resolves, so
 * that a database failure becomes an HTTP error.
 */
export function exportCalls(db: Queryable, regionOf: RegionOf) {
  return async function startExport(
    orgId: number | null,
    query: ExportQuery,
  ): Promise<AsyncGenerator<string>> {
    const filter = toCallFilter(query, orgId === null ? null : await regionOf(orgId));
    const readChunk = (after: Cursor | null) =>
      callRecords(db).scan(orgId, filter, { after, limit: CHUNK_LEGS });
    await awaitWorkers(db, orgId);
    return streamText(EXPORT_FORMATS[query.format], await readChunk(null), readChunk);
  };
}

interface Chunk {
  legs: FoundLeg[];
  next: Cursor | null;
}

async function* streamText(
  { head, write }: ExportFormat,
  first: Chunk,
  readChunk: (after: Cursor) => Promise<Chunk>,
): AsyncGenerator<string> {
  yield head;
  let chunk: Chunk | null = first;
  while (chunk) {
    // PostgreSQL reads the next chunk while this one is written.
    const next: Promise<Chunk | null> = chunk.next ? readChunk(chunk.next) : Promise.resolve(null);
    // Awaited below, unless the client is gone.
    next.catch(() => undefined);
    // Yields empty chunks too: a generator whose client is gone ends only at a yield.
    yield write(chunk.legs.map(presentCall));
    chunk = await next;
  }
}
