import { move, transferableSymbol, valueSymbol } from 'piscina';
import { readImport, type ImportTask } from './logs/read-import.ts';

/** What a thread of the pool does: a large import takes seconds. What it made is handed over without a copy. */
export default (task: ImportTask) => {
  const read = readImport(task);
  if (read.kind === 'refused') return read;
  return move({
    [transferableSymbol]: read.parts.map(({ buffer }) => buffer),
    [valueSymbol]: read,
  });
};
