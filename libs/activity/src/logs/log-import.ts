import { randomUUID } from 'node:crypto';
import { compactStamp, isoTime, required, text } from '@oriontel/contracts';
import { z } from 'zod';
import { NewLogEntry } from './log-entry.ts';

const MAX_ENTRIES = 100_000;
const LOGS_RULE = `must be a list of 1 to ${MAX_ENTRIES} log entries`;

function importSchema<Item extends z.ZodType>(entry: Item) {
  return z.object({
    logs: z.array(entry, required(LOGS_RULE)).min(1, LOGS_RULE).max(MAX_ENTRIES, LOGS_RULE),
    source: text(255).optional().meta({ description: 'System that the entries come from' }),
    deduplicate: z.boolean('must be true or false').default(true).meta({
      description:
        'Skip entries with the timestamp, type, message and details of a stored entry or an earlier one here',
    }),
  });
}

/** An import with the schema of its entries, for the documentation. */
export const NewLogImport = importSchema(NewLogEntry).meta({
  id: 'NewLogImport',
  examples: [
    {
      logs: [
        {
          timestamp: '2024-01-14T15:00:00Z',
          type: 'call',
          level: 'info',
          message: 'Call processed via trunk',
          details: { call_id: 'imported-001', duration: 120 },
        },
        {
          timestamp: '2024-01-14T15:30:00Z',
          type: 'call',
          level: 'warning',
          message: 'Call failed - trunk congestion',
          details: { call_id: 'imported-002', error_code: '503' },
        },
      ],
      source: 'legacy-pbx-import',
      deduplicate: true,
    },
  ],
});

/** An import whose entries are checked one by one afterward. */
export const ImportEnvelope = importSchema(z.unknown());

/** An accepted import and the counts of its stored parts. */
export interface LogImport {
  id: string;
  orgId: number;
  /** type/id */
  entity: string;
  source: string | null;
  deduplicate: boolean;
  received: number;
  imported: number;
  duplicates: number;
  parts: number;
  partsStored: number;
  createdAt: Date;
}

/** `import-20240115-…`: the day and 122 random bits. */
export function newImportId(now: Date): string {
  return `import-${compactStamp(now).slice(0, 8)}-${randomUUID().replaceAll('-', '')}`;
}

const counts = {
  imported: z.int().meta({ description: 'Number of entries stored' }),
  duplicates_skipped: z.int(),
  entity: z.string(),
  import_id: z.string(),
};
const importId = 'import-20240115-1f8b3c0e5d2a4c7f9b6e0a1d2c3b4a5f';

/** The response to an import that was stored within the wait time. */
export const Imported = z.object({ status: z.literal('success'), ...counts }).meta({
  id: 'Imported',
  examples: [
    {
      status: 'success',
      imported: 2,
      duplicates_skipped: 0,
      entity: 'trunk/trunk_001',
      import_id: importId,
    },
  ],
});
export type Imported = z.output<typeof Imported>;

export const ImportState = z.enum(['queued', 'stored', 'failed']).meta({
  description:
    'queued: accepted, not stored yet; stored: complete; failed: a part could not be stored, see quarantine',
});
export type ImportState = z.output<typeof ImportState>;

/** The state of an import and its counts so far. */
export const ImportStatus = z
  .object({
    status: ImportState,
    ...counts,
    received: z.int(),
    created_at: z.iso.datetime(),
  })
  .meta({
    id: 'ImportStatus',
    examples: [
      {
        status: 'queued',
        imported: 0,
        duplicates_skipped: 0,
        received: 2,
        entity: 'trunk/trunk_001',
        import_id: importId,
        created_at: '2024-01-15T10:30:00Z',
      },
    ],
  });
export type ImportStatus = z.output<typeof ImportStatus>;

export function presentImported(log: LogImport): Imported {
  return {
    status: 'success',
    imported: log.imported,
    duplicates_skipped: log.duplicates,
    entity: log.entity,
    import_id: log.id,
  };
}

export function presentStatus(log: LogImport, status: ImportState): ImportStatus {
  return {
    ...presentImported(log),
    status,
    received: log.received,
    created_at: isoTime(log.createdAt),
  };
}
