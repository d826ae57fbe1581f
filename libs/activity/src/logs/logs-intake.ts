import { defineIntake } from '@oriontel/intake';
import type { JsonObject } from '@oriontel/contracts';
import type { LogLevel } from './log-entry.ts';

/** An entry of an import, checked and put into its form. */
export interface ImportedEntry {
  /** The same for all that are duplicates of each other, in this organization and entity. */
  id: string;
  /** ISO 8601. */
  at: string;
  type: string;
  level: LogLevel;
  message: string;
  details: JsonObject | null;
}

/** A part of an import, as it waits in the intake under the import's id. */
export interface ImportPart {
  importId: string;
  /** type/id */
  entity: string;
  deduplicate: boolean;
  /** How many entries of the import came before these. */
  first: number;
  entries: ImportedEntry[];
}

export const logsIntake = defineIntake<ImportPart>('logs');
