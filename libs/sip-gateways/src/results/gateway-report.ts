import { isStorableText, fieldFailure, required } from '@oriontel/contracts';
import { z } from 'zod';
import { resultStatuses, type Measurement } from './gateway-result.ts';

/** One hour. */
const MAX_LATENCY_MS = 3_600_000;
const MS = `must be a number of milliseconds from 0 to ${MAX_LATENCY_MS}`;
const PERCENT = 'must be a number from 0 to 100';

const milliseconds = z.number(MS).min(0, MS).max(MAX_LATENCY_MS, MS);
function boundedText(maxLength: number) {
  return z
    .string('must be text')
    .max(maxLength, `must be at most ${maxLength} characters`)
    .refine(isStorableText, 'must not contain NUL characters or lone surrogates');
}

/** The path parameters of a report without a latency. */
export const ReportPath = z.object({
  entity: z.string().meta({ description: 'The id of the gateway, or its name' }),
  param1: z
    .enum(resultStatuses, required('must be up, down or degraded'))
    .meta({ description: 'Status of the gateway' }),
});
export const TimedReportPath = ReportPath.extend({
  param2: z.string().meta({ description: 'Latency in milliseconds' }),
});

/** The body of a report. Platform routes ignore unknown fields. */
export const GatewayReport = z
  .object({
    details: z
      .object({
        latency_ms: milliseconds.nullish().meta({ description: 'Overrides the latency in the path' }),
        packet_loss: z.number(PERCENT).min(0, PERCENT).max(100, PERCENT).nullish(),
        jitter_ms: milliseconds.nullish().meta({ description: 'Default: computed from the latencies' }),
        error_message: boundedText(1_024).nullish(),
      })
      .nullish(),
    source: boundedText(255).nullish().meta({ description: 'Name of the reporting monitor' }),
  })
  .meta({
    id: 'GatewayReport',
    examples: [{ details: { latency_ms: 23, packet_loss: 0, jitter_ms: 2 }, source: 'monitor-node-01' }],
  });
export type GatewayReport = z.output<typeof GatewayReport>;

/** The response of POST /sipgwping/:entity/:param1/:param2. */
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

/** The measurement of a report received at `now`. @throws Failure bad_request */
export function readReport(
  { param1: status, param2 = '' }: z.output<typeof ReportPath> & { param2?: string },
  report: GatewayReport | null | undefined,
  now: Date,
): Measurement {
  const { latency_ms, packet_loss, jitter_ms, error_message } = report?.details ?? {};
  const pathLatency = readLatency(param2);
  return {
    at: now.toISOString(),
    status,
    latencyMs: latency_ms ?? pathLatency,
    lossPercent: packet_loss ?? null,
    jitterMs: jitter_ms ?? null,
    sipCode: null,
    // Monitors send empty strings for missing texts.
    error: error_message || null,
    source: report?.source || null,
  };
}

/** Accepts plain decimals only. Empty, as scripts without a latency send it: null. */
function readLatency(text: string): number | null {
  if (text === '') return null;
  const latency = /^\d{1,7}(\.\d{1,20})?$/.test(text) ? Number(text) : NaN;
  if (!(latency <= MAX_LATENCY_MS)) throw fieldFailure('param2', MS);
  return latency;
}
