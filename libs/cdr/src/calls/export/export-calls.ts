import type { Cursor } from '@oriontel/contracts';
import type { PlainSql, TextRow } from '@oriontel/database';
import { z } from 'zod';
import type { RegionOf } from '../leg-dependencies.ts';
import { awaitWorkers } from '../pending-calls.ts';
import { CallQuery, toCallFilter } from '../search-calls.ts';
import { EXPORTED_COLUMNS, exportedLegs, type ExportedChunk } from './exported-leg.repository.ts';
import { writeCsv } from './write-csv.ts';

export const ExportQuery = CallQuery.omit({ limit: true, cursor: true }).extend({
  format: z.enum(['csv', 'ndjson'], 'must be csv or ndjson').default('csv'),
});
export type ExportQuery = z.output<typeof ExportQuery>;

/** How calls are written to a file. */
interface ExportFormat {
  contentType: string;
  head: string;
  write: (legs: TextRow[]) => string;
}

export const EXPORT_FORMATS: Record<ExportQuery['format'], ExportFormat> = {
  csv: {
    // RFC 7111, 5.1 and RFC 4180, 3.
    contentType: 'text/csv; charset=utf-8; header=present',
    head: writeCsv([EXPORTED_COLUMNS.map(({ name }) => name)]),
    write: writeCsv,
  },
  ndjson: {
    contentType: 'application/x-ndjson',
    head: '',
    write: (legs) => legs.map((leg) => `${writeJson(leg)}\n`).join(''),
  },
};

/**
 * Legs per chunk. An export holds two chunks in memory, one being written and the next one. Smaller chunks
 * spend most of the time on planning over all partitions; larger ones occupy the event loop.
 */
const CHUNK_LEGS = 4_000;

/** An export contains no pending calls: it waits longer for the workers than a search does. */
const WORKERS_TIMEOUT_MS = 2_000;

/**
 * Streams the text of a file, newest legs first. Each chunk is one statement that continues after the last
 * leg of the previous one: a slow client keeps no transaction open, no leg is written twice, and legs stored
 * meanwhile are included if their position is still ahead. The first chunk is read before it resolves, so
 * that a database failure becomes an HTTP error.
 */
export function exportCalls(db: PlainSql, regionOf: RegionOf) {
  return async function startExport(
    orgId: number | null,
    query: ExportQuery,
  ): Promise<AsyncGenerator<string>> {
    const filter = toCallFilter(query, orgId === null ? null : await regionOf(orgId));
    const readChunk = (after: Cursor | null) =>
      exportedLegs(db).scan(orgId, filter, { after, limit: CHUNK_LEGS });
    await awaitWorkers(db, orgId, WORKERS_TIMEOUT_MS);
    return streamText(EXPORT_FORMATS[query.format], await readChunk(null), readChunk);
  };
}

/** The leg as GET /cdrs returns it. */
function writeJson(leg: TextRow): string {
  const members = EXPORTED_COLUMNS.map(({ name, kind, index }) => {
    const cell = leg[index]!;
    return `"${name}":${kind === 'number' || cell === null ? cell : JSON.stringify(cell)}`;
  });
  return `{${members.join(',')}}`;
}

async function* streamText(
  { head, write }: ExportFormat,
  first: ExportedChunk,
  readChunk: (after: Cursor) => Promise<ExportedChunk>,
): AsyncGenerator<string> {
  yield head;
  let chunk: ExportedChunk | null = first;
  while (chunk) {
    // PostgreSQL reads the next chunk while this one is written.
    const next: Promise<ExportedChunk | null> = chunk.next ? readChunk(chunk.next) : Promise.resolve(null);
    // Awaited below, unless the client is gone.
    next.catch(() => undefined);
    // Yields empty chunks too: a generator whose client is gone ends only at a yield.
    yield write(chunk.legs);
    chunk = await next;
  }
}
