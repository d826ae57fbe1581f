import { type Cursor } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { CallRecord } from '../call-record.ts';
import { callRecords, type FoundLeg } from '../call-record.repository.ts';
import { awaitWorkers } from '../pending-calls.ts';
import { presentCall } from '../present-call.ts';
import { CallQuery, toCallFilter } from '../search-calls.ts';
import { writeCsv } from './write-csv.ts';

export const ExportQuery = CallQuery.omit({ limit: true, cursor: true }).extend({
  format: z.enum(['csv', 'ndjson'], 'must be csv or ndjson').default('csv'),
});
export type ExportQuery = z.output<typeof ExportQuery>;

/** How a file of calls is written. */
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

/** Legs read at once: what an export holds in memory, and keeps the process from others. */
const CHUNK_LEGS = 1_000;

/**
 * The text of a file, piece by piece, newest first. Each bite is a statement of its own and the next goes on behind its last leg: no
 * transaction stays open however slowly a client reads, no leg comes twice, and what is stored meanwhile comes where the
 * way there is still ahead. The first bite is read before it resolves: a database that is away is told of by a status.
 */
export function exportCalls(db: Queryable, regionOf: (orgId: number) => Promise<string | null>) {
  return async function startExport(
    orgId: number | null,
    query: ExportQuery,
  ): Promise<AsyncGenerator<string>> {
    const filter = toCallFilter(query, orgId === null ? null : await regionOf(orgId));
    const bite = (after: Cursor | null) => callRecords(db).scan(orgId, filter, { after, limit: CHUNK_LEGS });
    await awaitWorkers(db, orgId);
    return streamText(EXPORT_FORMATS[query.format], await bite(null), bite);
  };
}

interface Chunk {
  legs: FoundLeg[];
  next: Cursor | null;
}

const streamText = async function* (
  { head, write }: ExportFormat,
  first: Chunk,
  read: (after: Cursor) => Promise<Chunk>,
): AsyncGenerator<string> {
  yield head;
  let bite: Chunk | null = first;
  while (bite) {
    // Also where it is empty: only here does it end when nobody wants it any more.
    yield write(bite.legs.map(presentCall));
    bite = bite.next && (await read(bite.next));
  }
};
