import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import { entityLogs, type NewLine } from './log.repository.ts';
import { logImports, type PartCounts } from './log-import.repository.ts';
import { repeatId } from './log-id.ts';
import type { ImportPart } from './logs-intake.ts';

/** A line with the intake row it came in. */
interface SourcedLine {
  row: IntakeRow<ImportPart>;
  /** Index of the entry in its import. */
  index: number;
  line: NewLine;
}

const LINES_PER_INSERT = 2_500;

/**
 * Stores the entries of all `rows`: each content once, plus the duplicates of imports that disable
 * deduplication. Then adds the counts to the imports.
 */
export const storeLogs: StoreRows<ImportPart> = async function storeLogParts(tx, rows) {
  const lines = rows.flatMap(toSourcedLines);
  const firsts = firstOfEachContent(lines);
  const inserted = await insertSorted(
    tx,
    [...firsts.values()].map(({ line }) => line),
  );
  function isNew({ line, row, index }: SourcedLine): boolean {
    const first = firsts.get(line.id)!;
    return inserted.has(line.id) && first.row === row && first.index === index;
  }
  const duplicates = lines.filter((line) => !isNew(line));
  const kept = duplicates.filter(({ row }) => !row.payload.deduplicate);
  await insertSorted(tx, kept.map(withRepeatId));
  await logImports(tx).addCounts(countByImport(rows, duplicates));
  return [];
};

function toSourcedLines(row: IntakeRow<ImportPart>): SourcedLine[] {
  const { orgId, payload } = row;
  return payload.entries.map((entry, index) => ({
    row,
    index: payload.first + index,
    line: { ...entry, orgId, entity: payload.entity },
  }));
}

/** The first line of each content id, which includes the organization and the entity. */
function firstOfEachContent(lines: SourcedLine[]): Map<string, SourcedLine> {
  const firsts = new Map<string, SourcedLine>();
  for (const sourced of lines) if (!firsts.has(sourced.line.id)) firsts.set(sourced.line.id, sourced);
  return firsts;
}

function withRepeatId({ row, index, line }: SourcedLine): NewLine {
  return { ...line, id: repeatId(row.payload.importId, index) };
}

/**
 * Inserts lines in key order, so that all workers take their locks in the same order. Returns the ids of
 * inserted lines.
 */
async function insertSorted(tx: Queryable, lines: NewLine[]): Promise<Set<string>> {
  const sorted = lines.sort(byKey);
  const inserted = new Set<string>();
  for (let start = 0; start < sorted.length; start += LINES_PER_INSERT) {
    const ids = await entityLogs(tx).insert(sorted.slice(start, start + LINES_PER_INSERT));
    for (const id of ids) inserted.add(id);
  }
  return inserted;
}

function byKey(a: NewLine, b: NewLine): number {
  return a.orgId - b.orgId || compare(a.entity, b.entity) || compare(a.at, b.at) || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function countByImport(rows: IntakeRow<ImportPart>[], duplicates: SourcedLine[]): PartCounts[] {
  const counts = new Map<string, PartCounts>();
  for (const { payload } of rows) {
    const { importId: id, entries } = payload;
    const { parts, imported } = counts.get(id) ?? { parts: 0, imported: 0 };
    counts.set(id, { id, parts: parts + 1, imported: imported + entries.length, duplicates: 0 });
  }
  for (const { row } of duplicates) {
    if (!row.payload.deduplicate) continue;
    const count = counts.get(row.payload.importId)!;
    count.imported -= 1;
    count.duplicates += 1;
  }
  return [...counts.values()];
}
