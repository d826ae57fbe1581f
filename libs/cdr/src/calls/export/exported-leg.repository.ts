import type { Cursor } from '@oriontel/contracts';
import { orgScope, Prisma, UNPREPARED, type PlainSql, type TextRow } from '@oriontel/database';
import { afterCursor, conditions, indexedConditions, type CallFilter } from '../call-filter.repository.ts';
import type { CallRecord } from '../call-record.ts';

/** Whole numbers keep PostgreSQL's text; times become ISO 8601. */
type ColumnKind = 'text' | 'number' | 'time';

const COLUMN_KINDS = {
  id: 'text',
  org_id: 'number',
  call_id: 'text',
  leg: 'text',
  linked_call_id: 'text',
  direction: 'text',
  caller: 'text',
  callee: 'text',
  caller_raw: 'text',
  callee_raw: 'text',
  start_time: 'time',
  answer_time: 'time',
  end_time: 'time',
  duration: 'number',
  billsec: 'number',
  disposition: 'text',
  hangup_cause: 'text',
  q850: 'number',
  sip_status: 'number',
  trunk_id: 'text',
  source: 'text',
  batch_id: 'text',
} satisfies Record<keyof CallRecord, ColumnKind>;

/** The columns of an exported leg, which are those of `cdrs`, in the order of its cells. */
export const EXPORTED_COLUMNS = Object.entries(COLUMN_KINDS).map(([name, kind], index) => ({
  name: name as keyof CallRecord,
  kind: kind,
  index,
}));

const COLUMN_NAMES = Prisma.raw(EXPORTED_COLUMNS.map(({ name }) => name).join(', '));
const SELECTED_COLUMNS = Prisma.raw(
  EXPORTED_COLUMNS.map(({ name, kind }) =>
    kind === 'time' ? `${name} AT TIME ZONE 'UTC' AS ${name}` : name,
  ).join(', '),
);
const ID_INDEX = indexOf('id');
const START_TIME_INDEX = indexOf('start_time');
const TIME_INDEXES = EXPORTED_COLUMNS.filter(({ kind }) => kind === 'time').map(({ index }) => index);

/** Rows that a step of a scan reads at most per returned leg. */
const SCANNED_ROWS_PER_MATCH = 10;

function indexOf(column: keyof CallRecord): number {
  return EXPORTED_COLUMNS.findIndex(({ name }) => name === column);
}

export interface ExportedChunk {
  /** The cells of each leg; times as ISO 8601. */
  legs: TextRow[];
  /** Where the next step continues; null after the last one. */
  next: Cursor | null;
}

/** Reads legs for a file. */
export function exportedLegs(db: PlainSql) {
  return {
    /**
     * One step of a scan through all matching legs, newest first. A step reads at most
     * `limit * SCANNED_ROWS_PER_MATCH` rows, however few match: `legs` may be empty before the end.
     */
    async scan(
      orgId: number | null,
      filter: CallFilter,
      { after, limit }: { after: Cursor | null; limit: number },
    ): Promise<ExportedChunk> {
      const { indexed, others } = splitFilter(filter);
      const scope = [orgScope(orgId), ...conditions(indexed), ...afterCursor(after)];
      const branches = indexedConditions(indexed).map((condition) => [condition, ...scope]);
      const isExact = branches.length === 1 && !conditions(others).length;
      const rows = await db.$queryText(
        isExact ? selectExact(branches[0]!, limit) : selectScanned(branches, conditions(others), limit),
      );
      for (const row of rows) for (const index of TIME_INDEXES) row[index] = toIsoTime(row[index] ?? null);
      const last = rows.at(-1);
      return {
        legs: isExact ? rows : rows.filter((row) => row.pop() === 't'),
        next: last ? { time: new Date(last[START_TIME_INDEX]!), id: last[ID_INDEX]! } : null,
      };
    },
  };
}

/** The legs that meet all conditions, each served by the index that gives the order. */
function selectExact(where: Prisma.Sql[], limit: number): Prisma.Sql {
  return Prisma.sql`${UNPREPARED}
    SELECT ${SELECTED_COLUMNS}
    FROM cdrs
    WHERE ${Prisma.join(where, ' AND ')}
    ORDER BY cdrs.start_time DESC, id DESC
    LIMIT ${limit}::int`;
}

/** Of the next legs of all branches together those that match, and the last one, where the scan continues. */
function selectScanned(branches: Prisma.Sql[][], filters: Prisma.Sql[], limit: number): Prisma.Sql {
  const matches = filters.length ? Prisma.join(filters, ' AND ') : Prisma.sql`TRUE`;
  const scannedRows = filters.length ? limit * SCANNED_ROWS_PER_MATCH : limit;
  const legs = branches.map(
    (where) => Prisma.sql`(
      SELECT ${COLUMN_NAMES}, (${matches}) IS TRUE AS matches
      FROM cdrs
      WHERE ${Prisma.join(where, ' AND ')}
      ORDER BY start_time DESC, id DESC
      LIMIT ${scannedRows}::int
    )`,
  );
  return Prisma.sql`${UNPREPARED}
    WITH scanned AS (
      SELECT DISTINCT ON (start_time, id) *
      FROM (${Prisma.join(legs, ' UNION ALL ')}) AS found
      ORDER BY start_time DESC, id DESC
      LIMIT ${scannedRows}::int
    )
    SELECT ${SELECTED_COLUMNS}, matches
    FROM scanned
    WHERE matches
      OR id = (SELECT id FROM scanned ORDER BY scanned.start_time, id LIMIT 1)
    ORDER BY scanned.start_time DESC, id DESC
    LIMIT ${limit}::int`;
}

/**
 * Conditions with an index limit the rows of a scan; the others are evaluated on the scanned rows. A prefix
 * has an index, but its matches are not in the order of the scan.
 */
function splitFilter(filter: CallFilter): { indexed: CallFilter; others: CallFilter } {
  const { callId, from, to, trunkId, batchId, caller, callee, number, ...others } = filter;
  const indexed: CallFilter = { callId, from, to, trunkId, batchId };
  for (const [name, condition] of Object.entries({ caller, callee, number }))
    Object.assign(condition?.isPrefix ? others : indexed, { [name]: condition });
  return { indexed, others };
}

const SECONDS_LENGTH = '2024-01-15 10:30:00'.length;

/** `2024-01-15 10:30:00.5`, PostgreSQL's text of a timestamp, as `2024-01-15T10:30:00.500Z`. */
function toIsoTime(text: string | null): string | null {
  if (text === null) return null;
  const seconds = `${text.slice(0, 10)}T${text.slice(11, SECONDS_LENGTH)}`;
  const milliseconds = text.slice(SECONDS_LENGTH + 1);
  return milliseconds ? `${seconds}.${milliseconds.padEnd(3, '0')}Z` : `${seconds}Z`;
}
