import type { Queryable } from '@oriontel/database';
import type { IntakeRow, StoreRows } from '@oriontel/intake';
import { entityLogs, type NewLine } from './log.repository.ts';
import { logImports, type PartCounts } from './log-import.repository.ts';
import { repeatId } from './log-id.ts';
import type { ImportPart } from './logs-intake.ts';

/** A line and where it came from. */
interface PlacedLine {
  row: IntakeRow<ImportPart>;
  /** In its import. */
  position: number;
  line: NewLine;
}

/** Lines of one statement. */
const LINES_PER_INSERT = 2_500;

/** Stores the entries of all `rows`: each content once, and again where its import wants no deduplication; and counts them. */
export const storeLogs: StoreRows<ImportPart> = async (tx, rows) => {
  const placed = rows.flatMap(placeLines);
  const firsts = firstOfEach(placed);
  const inserted = await insertSorted(
    tx,
    [...firsts.values()].map(({ line }) => line),
  );
  function isNew({ line, row, position }: PlacedLine): boolean {
    const first = firsts.get(line.id)!;
    return inserted.has(line.id) && first.row === row && first.position === position;
  }
  const repeated = placed.filter((one) => !isNew(one));
  const kept = repeated.filter(({ row }) => !row.payload.deduplicate);
  await insertSorted(tx, kept.map(asRepeat));
  await logImports(tx).addCounts(countByImport(rows, repeated));
  return [];
};

function placeLines(row: IntakeRow<ImportPart>): PlacedLine[] {
  const { orgId, payload } = row;
  return payload.entries.map((entry, index) => ({
    row,
    position: payload.first + index,
    line: { ...entry, orgId, entity: payload.entity },
  }));
}

/** An id is made from the organization, the entity and the time, too. */
function firstOfEach(placed: PlacedLine[]): Map<string, PlacedLine> {
  const firsts = new Map<string, PlacedLine>();
  for (const one of placed) if (!firsts.has(one.line.id)) firsts.set(one.line.id, one);
  return firsts;
}

function asRepeat({ row, position, line }: PlacedLine): NewLine {
  return {
    ...line,
    id: repeatId(row.payload.importId, position),
  };
}

/** By key: every worker takes its locks in the same order, over all its statements. Returns the ids of the new ones. */
async function insertSorted(tx: Queryable, lines: NewLine[]): Promise<Set<string>> {
  const sorted = lines.sort(byKey);
  const inserted = new Set<string>();
  for (let i = 0; i < sorted.length; i += LINES_PER_INSERT)
    for (const id of await entityLogs(tx).insert(sorted.slice(i, i + LINES_PER_INSERT))) inserted.add(id);
  return inserted;
}

function byKey(a: NewLine, b: NewLine): number {
  return a.orgId - b.orgId || compare(a.entity, b.entity) || compare(a.at, b.at) || compare(a.id, b.id);
}
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function countByImport(rows: IntakeRow<ImportPart>[], repeated: PlacedLine[]): PartCounts[] {
  const counts = new Map<string, PartCounts>();
  for (const { payload } of rows) {
    const { importId: id, entries } = payload;
    const { parts, imported } = counts.get(id) ?? { parts: 0, imported: 0 };
    counts.set(id, { id, parts: parts + 1, imported: imported + entries.length, duplicates: 0 });
  }
  for (const { row } of repeated) {
    if (!row.payload.deduplicate) continue;
    const count = counts.get(row.payload.importId)!;
    count.imported -= 1;
    count.duplicates += 1;
  }
  return [...counts.values()];
}
