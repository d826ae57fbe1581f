import { isoTime, pageQuery } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { z } from 'zod';
import { Disposition, Leg } from '../../parse/call-leg.ts';
import { awaitWorkers } from '../pending-calls.ts';
import { CallQuery } from '../search-calls.ts';
import { splitRange } from './split-range.ts';
import { callSummary, GROUPINGS, type Grouping, type GroupSums, type Sums } from './summary.repository.ts';

const GROUP_BY = `must be a list of ${GROUPINGS.join(', ')} with commas, each once, not both hour and day`;

const isGrouping = (word: string): word is Grouping => (GROUPINGS as readonly string[]).includes(word);

const GroupBy = z
  .string()
  .max(100, GROUP_BY)
  .transform((text, context): Grouping[] => {
    const words = text.split(',');
    const isValid =
      words.every(isGrouping) &&
      new Set(words).size === words.length &&
      !(words.includes('hour') && words.includes('day'));
    if (!isValid) context.addIssue({ code: 'custom', message: GROUP_BY });
    return words as Grouping[];
  })
  .meta({ description: 'Comma-separated: hour or day (UTC), trunk, disposition; default: the total only' });

const { from, to, trunk_id, source, disposition } = CallQuery.shape;

export const SummaryQuery = z.strictObject({
  group_by: GroupBy.optional(),
  from,
  to,
  trunk_id,
  source,
  disposition,
  leg: z.enum(Leg.options, 'must be a or b').optional(),
  ...pageQuery,
});
export type SummaryQuery = z.output<typeof SummaryQuery>;

const Figures = z.object({
  calls: z.int().meta({ description: 'Number of legs, as listed by GET /cdrs' }),
  answered: z.int(),
  minutes: z.number().meta({ description: 'Billed minutes: billsec / 60' }),
  asr: z.number().nullable().meta({
    description: 'Answer-seizure ratio (ITU-T E.411): answered / calls in percent; null without calls',
  }),
  acd: z.number().nullable().meta({
    description: 'Average call duration in seconds: billsec / answered, of answered calls; null without any',
  }),
});
type Figures = z.output<typeof Figures>;

/** Counts and ratios of calls, in total and by group. */
export const CallSummary = z
  .object({
    total: Figures,
    groups: z.array(
      z.object({
        hour: z.iso.datetime().optional().meta({ description: 'Start of the hour, UTC' }),
        day: z.iso.date().optional().meta({ description: 'UTC' }),
        trunk_id: z.string().nullable().optional().meta({ description: 'Null for calls without a trunk' }),
        disposition: Disposition.optional(),
        ...Figures.shape,
      }),
    ),
  })
  .meta({
    id: 'CallSummary',
    examples: [
      {
        total: { calls: 156, answered: 62, minutes: 145, asr: 39.74, acd: 140.32 },
        groups: [
          {
            day: '2024-01-15',
            trunk_id: 'trunk_001',
            calls: 156,
            answered: 62,
            minutes: 145,
            asr: 39.74,
            acd: 140.32,
          },
        ],
      },
    ],
  });
export type CallSummary = z.output<typeof CallSummary>;

/**
 * Counts stored legs, after waiting briefly for pending ones. Groups are sorted by time, newest first, then
 * by calls.
 */
export function summarizeCalls(db: Queryable) {
  return async function summarizeRange(
    orgId: number | null,
    query: SummaryQuery,
  ): Promise<{ summary: CallSummary; groupCount: number }> {
    const { group_by: groupings = [], trunk_id: trunkId, source, leg, disposition } = query;
    await awaitWorkers(db, orgId);
    const range = splitRange(dateOf(query.from), dateOf(query.to));
    const filter = { trunkId, source, leg, disposition };
    const { total, groups, groupCount } = await callSummary(db).read(orgId, range, filter, groupings, query);
    return {
      summary: { total: figuresOf(total), groups: groups.map((group) => presentGroup(group, groupings)) },
      groupCount,
    };
  };
}

const dateOf = (time: string | undefined): Date | undefined => (time ? new Date(time) : undefined);

function presentGroup(group: GroupSums, groupings: Grouping[]): CallSummary['groups'][number] {
  const time = group.time ? isoTime(new Date(group.time)) : '';
  return {
    ...(groupings.includes('hour') && { hour: time }),
    ...(groupings.includes('day') && { day: time.slice(0, 10) }),
    ...(groupings.includes('trunk') && { trunk_id: group.trunkId ?? null }),
    ...(group.disposition && { disposition: group.disposition }),
    ...figuresOf(group),
  };
}

function figuresOf({ calls, answered, billsec, talked }: Sums): Figures {
  return {
    calls,
    answered,
    minutes: hundredths(billsec / 60),
    asr: calls ? hundredths((100 * answered) / calls) : null,
    acd: answered ? hundredths(talked / answered) : null,
  };
}

const hundredths = (value: number): number => Math.round(value * 100) / 100;
