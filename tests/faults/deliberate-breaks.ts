import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Mistakes that a fault run must find. */
export const DELIBERATE_BREAKS = {
  /** The gateway acknowledges before the value is committed. */
  'acknowledge-before-commit': {
    program: 'apps/api-gateway/main.js',
    from: 'await groups.add(row);',
    to: 'void groups.add(row).catch(() => undefined);',
  },
  /** The worker deletes the intake rows outside the transaction that stores them. */
  'handler-outside-transaction': {
    program: 'apps/cdr-worker/main.js',
    from: 'await intakeRows(tx).dequeue(ids);',
    to: 'await intakeRows(db).dequeue(ids);',
  },
};
export type DeliberateBreak = keyof typeof DELIBERATE_BREAKS;

/** @throws Error if the program does not contain the text that is to be replaced exactly once */
export async function breakProgram(dist: string, name: DeliberateBreak): Promise<void> {
  const { program, from, to } = DELIBERATE_BREAKS[name];
  const file = join(dist, program);
  const parts = (await readFile(file, 'utf8')).split(from);
  if (parts.length !== 2) throw new Error(`${program} contains "${from}" ${parts.length - 1} times`);
  await writeFile(file, parts.join(to));
}
