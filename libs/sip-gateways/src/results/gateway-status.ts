import { IdText } from '@oriontel/contracts';
import { z } from 'zod';
import { resultStatuses } from './gateway-result.ts';

const MAX_HISTORY_HOURS = 720;
const HOURS = `must be a whole number from 1 to ${MAX_HISTORY_HOURS}`;

/** Platform routes ignore unknown parameters. */
export const StatusQuery = z.object({
  include_history: z.stringbool('must be true or false').default(false),
  history_hours: z.coerce.number(HOURS).int(HOURS).min(1, HOURS).max(MAX_HISTORY_HOURS, HOURS).default(24),
  org_id: IdText.optional().meta({ description: 'For admins: the organization of the gateway' }),
});
export type StatusQuery = z.output<typeof StatusQuery>;

const percent = z.number().min(0).max(100);

const CurrentStatus = z.object({
  reachable: z
    .boolean()
    .nullable()
    .meta({ description: 'Whether the last result was up or degraded; null before the first' }),
  latency_ms: z.number().nullable(),
  last_check: z.iso.datetime().nullable().meta({ description: 'Null before the first result' }),
  consecutive_successes: z
    .int()
    .meta({ description: 'Number of latest results in a row that were not down' }),
  uptime_percent_24h: percent.nullable().meta({
    description:
      'Percentage of the results of the last 24 hours that were not down, rounded down; null without results',
  }),
  status: z.enum(['unknown', ...resultStatuses]).meta({
    description: 'The status in events: changes after failures_to_down or successes_to_up results in a row',
  }),
  since: z.iso.datetime().nullable().meta({ description: 'Time of the last change of status' }),
  consecutive_failures: z.int(),
  jitter_ms: z.number().nullable(),
  packet_loss: percent.nullable(),
  sip_code: z.int().nullable(),
  error: z.string().nullable(),
});

const HistoryEntry = z.object({
  timestamp: z.iso.datetime().meta({ description: 'Time of the newest result of the point' }),
  reachable: z.boolean().meta({ description: 'False if any of its results was down' }),
  latency_ms: z.number().nullable().meta({ description: 'Mean of the results that were not down' }),
  status: z.enum(resultStatuses).meta({ description: 'Worst status of its results' }),
  results: z.int().meta({ description: 'Number of results of the point' }),
  uptime_percent: percent.meta({ description: 'Percentage of its results that were not down, rounded down' }),
});

/** The response of GET /sipgwping/:entity. */
export const GatewayStatus = z
  .object({
    status: z.literal('success'),
    gateway: z.object({
      id: z.string(),
      name: z.string(),
      host: z.string(),
      port: z.int().nullable().meta({ description: 'Null: resolved by DNS' }),
    }),
    current_status: CurrentStatus,
    history: z.array(HistoryEntry).optional().meta({
      description:
        'If requested, newest first: each result, or up to 500 intervals of equal length if there are more',
    }),
  })
  .meta({
    id: 'GatewayStatus',
    examples: [
      {
        status: 'success',
        gateway: {
          id: 'gateway-east-01',
          name: 'East Coast Primary Gateway',
          host: 'sip-east.example.com',
          port: 5060,
        },
        current_status: {
          reachable: true,
          latency_ms: 23,
          last_check: '2024-01-15T11:55:00Z',
          consecutive_successes: 288,
          uptime_percent_24h: 99.98,
          status: 'up',
          since: '2024-01-14T11:55:00Z',
          consecutive_failures: 0,
          jitter_ms: 2,
          packet_loss: 0,
          sip_code: 200,
          error: null,
        },
        history: [
          {
            timestamp: '2024-01-15T11:00:00Z',
            reachable: true,
            latency_ms: 21,
            status: 'up',
            results: 1,
            uptime_percent: 100,
          },
        ],
      },
    ],
  });
export type GatewayStatus = z.output<typeof GatewayStatus>;
