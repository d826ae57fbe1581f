import { EntityName, isoTime, JsonObject, pageQuery, text, time } from '@oriontel/contracts';
import { z } from 'zod';
import { OwnerQuery } from '../entities/entity-path.ts';

export const LogLevel = z.enum(
  ['debug', 'info', 'warning', 'error'],
  'must be debug, info, warning or error',
);
export type LogLevel = z.output<typeof LogLevel>;

/** An entry of an import. */
export const NewLogEntry = z.object({
  timestamp: time,
  type: EntityName.meta({ description: 'Kind of entry: call, sip, error, debug or any other name' }),
  level: LogLevel.default('info'),
  message: text(4_096),
  details: JsonObject.optional(),
});
export type NewLogEntry = z.output<typeof NewLogEntry>;

/** A stored line. */
export interface LogLine {
  id: string;
  at: Date;
  type: string;
  level: LogLevel;
  message: string;
  details: JsonObject | null;
}

export const LogEntry = z.object({
  id: z.string(),
  timestamp: z.iso.datetime(),
  type: z.string(),
  level: LogLevel,
  message: z.string(),
  details: z.record(z.string(), z.unknown()).nullable(),
});
export type LogEntry = z.output<typeof LogEntry>;

/** A query of the platform API: unknown parameters are ignored. */
export const LogQuery = z
  .object({
    type: EntityName.optional().meta({
      description: 'Kind of entry: call, sip, error, debug or any other name',
    }),
    level: LogLevel.optional(),
    from: time.optional().meta({ description: 'Lines at or after this time' }),
    to: time.optional().meta({ description: 'Lines at or before this time' }),
    ...pageQuery,
    ...OwnerQuery.shape,
  })
  .refine(({ from, to }) => !from || !to || new Date(from) <= new Date(to), {
    path: ['from'],
    message: 'must not be later than to',
  });
export type LogQuery = z.output<typeof LogQuery>;

/** A page of an entity's log, oldest first. */
export const FoundLogs = z
  .object({
    status: z.literal('success'),
    entity: z.string(),
    count: z.int().meta({ description: 'Number of lines in this page' }),
    total: z.int().meta({ description: 'Number of matching lines in all pages' }),
    logs: z.array(LogEntry),
  })
  .meta({
    id: 'FoundLogs',
    examples: [
      {
        status: 'success',
        entity: 'user/67890',
        count: 2,
        total: 2,
        logs: [
          {
            id: 'log-6f1c2f5d0c1b4e0f9a4be2f2b7a3c9d1',
            timestamp: '2024-01-15T10:30:00Z',
            type: 'call',
            level: 'info',
            message: 'Outbound call initiated to +14155555678',
            details: { call_id: 'call-abc123', destination: '+14155555678', trunk: 'trunk_001' },
          },
          {
            id: 'log-0b7de1a2f7c94d06b2f36dd07c1f5f0e',
            timestamp: '2024-01-15T10:35:42Z',
            type: 'call',
            level: 'info',
            message: 'Call completed',
            details: { call_id: 'call-abc123', duration: 342, disposition: 'ANSWERED' },
          },
        ],
      },
    ],
  });
export type FoundLogs = z.output<typeof FoundLogs>;

export function presentLog({ id, at, ...line }: LogLine): LogEntry {
  return {
    ...line,
    id: `log-${id.replaceAll('-', '')}`,
    timestamp: isoTime(at),
  };
}
