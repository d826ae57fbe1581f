import { defineIntake } from '@oriontel/intake';
import type { JsonObject } from '@oriontel/contracts';
import type { LogLevel } from './log-entry.ts';

/** A validated, normalized entry of an import. */
export interface ImportedEntry {
  /** Equal for duplicates within an organization and entity. */
  id: string;
  /** ISO 8601. */
  at: string;
  type: string;
  level: LogLevel;
  message: string;
  details: JsonObject | null;
}

/** A part of an import; the payload of an intake row, whose key is the import's id. */
export interface ImportPart {
  importId: string;
  /** type/id */
  entity: string;
  deduplicate: boolean;
  /** Index in the import of the first entry. */
  first: number;
  entries: ImportedEntry[];
}

export const logsIntake = defineIntake<ImportPart>('logs');
