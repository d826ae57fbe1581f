import { isStorableText, fieldFailure, required } from '@oriontel/contracts';
import { z } from 'zod';
import { resultStatuses, type Measurement } from './gateway-result.ts';

/** Milliseconds: an hour. */
const MAX_LATENCY_MS = 3_600_000;
const MS = `must be a number of milliseconds from 0 to ${MAX_LATENCY_MS}`;
const PERCENT = 'must be a number from 0 to 100';

const milliseconds = z.number(MS).min(0, MS).max(MAX_LATENCY_MS, MS);
function boundedText(longest: number) {
  return z
    .string('must be text')
    .max(longest, `must be at most ${longest} characters`)
    .refine(isStorableText, 'must not contain NUL characters or halves of characters');
}

/** `:param1` and `:param2` of the path. */
export const ReportPath = z.object({
  entity: z.string().meta({ description: 'The id of the gateway, or its name' }),
  param1: z
    .enum(resultStatuses, required('must be up, down or degraded'))
    .meta({ description: 'What the gateway was found to be' }),
});
export const TimedReportPath = ReportPath.extend({
  param2: z.string().meta({ description: 'Latency in milliseconds' }),
});

/** The body of a report. A platform route: what it holds besides is ignored. */
export const GatewayReport = z
  .object({
    details: z
      .object({
        latency_ms: milliseconds.nullish().meta({ description: 'Goes before the one in the path' }),
        packet_loss: z.number(PERCENT).min(0, PERCENT).max(100, PERCENT).nullish(),
        jitter_ms: milliseconds
          .nullish()
          .meta({ description: 'Computed from the latencies where it is not given' }),
        error_message: boundedText(1_024).nullish(),
      })
      .nullish(),
    source: boundedText(255).nullish().meta({ description: 'Who measured' }),
  })
  .meta({
    id: 'GatewayReport',
    examples: [{ details: { latency_ms: 23, packet_loss: 0, jitter_ms: 2 }, source: 'monitor-node-01' }],
  });
export type GatewayReport = z.output<typeof GatewayReport>;

/** What POST /sipgwping/:entity/:param1/:param2 answers. */
export const RecordedReport = z
  .object({
    status: z.literal('success'),
    gateway: z.string(),
    recorded_status: z.enum(resultStatuses),
    latency_ms: z.number().nullable(),
    recorded_at: z.iso.datetime(),
  })
  .meta({
    id: 'RecordedReport',
    examples: [
      {
        status: 'success',
        gateway: 'gateway-east-01',
        recorded_status: 'up',
        latency_ms: 23,
        recorded_at: '2024-01-15T12:00:00Z',
      },
    ],
  });
export type RecordedReport = z.output<typeof RecordedReport>;

/** What a report says was measured just now. @throws Failure bad_request */
export function readReport(
  { param1: status, param2 = '' }: z.output<typeof ReportPath> & { param2?: string },
  report: GatewayReport | null | undefined,
  now: Date,
): Measurement {
  const { latency_ms, packet_loss, jitter_ms, error_message } = report?.details ?? {};
  const inPath = readLatency(param2);
  return {
    at: now.toISOString(),
    status,
    latencyMs: latency_ms ?? inPath,
    lossPercent: packet_loss ?? null,
    jitterMs: jitter_ms ?? null,
    sipCode: null,
    // Words of nothing are none: monitors fill in what they have.
    error: error_message || null,
    source: report?.source || null,
  };
}

/** Plain decimals only. An empty one, as a script writes it that has none, is none. */
function readLatency(text: string): number | null {
  if (text === '') return null;
  const latency = /^\d{1,7}(\.\d{1,20})?$/.test(text) ? Number(text) : NaN;
  if (!(latency <= MAX_LATENCY_MS)) throw fieldFailure('param2', MS);
  return latency;
}
