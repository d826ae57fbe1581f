import { move, transferableSymbol, valueSymbol } from 'piscina';
import { readImport, type ImportTask } from './logs/read-import.ts';

/** The thread program of createImportReader. Parts are transferred to the caller, not copied. */
export default function runImportTask(task: ImportTask) {
  const read = readImport(task);
  if (read.kind === 'refused') return read;
  return move({
    [transferableSymbol]: read.parts.map(({ buffer }) => buffer),
    [valueSymbol]: read,
  });
}
