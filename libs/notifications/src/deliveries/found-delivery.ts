import { isoTime, isoTimeOrNull } from '@oriontel/contracts';
import { z } from 'zod';
import { deliveryStates, type DeliveryState } from './delivery.ts';

/** A delivery of a webhook, as the API reads it. */
export interface FoundDelivery {
  id: string;
  eventId: string;
  ruleId: string | null;
  type: string;
  at: Date;
  state: DeliveryState;
  attempts: number;
  createdAt: Date;
  finishedAt: Date | null;
}

export interface Attempt {
  at: Date;
  durationMs: number;
  status: number | null;
  error: string | null;
  detail: string | null;
  response: string | null;
}

const example = {
  id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b',
  event_id: 'evt-20240115-6f1c2f5d0c1b4e0f9a4be2f2',
  rule_id: null,
  type: 'registration_failed',
  timestamp: '2024-01-15T10:30:00Z',
  state: 'pending',
  attempts: 1,
  created_at: '2024-01-15T10:30:00.250Z',
  finished_at: null,
};

export const Delivery = z
  .object({
    id: z.uuid(),
    event_id: z.string(),
    rule_id: z.string().nullable().meta({ description: 'The notifier rule that caused it' }),
    type: z.string(),
    timestamp: z.iso.datetime().meta({ description: 'When the event happened' }),
    state: z.enum(deliveryStates),
    attempts: z.int(),
    created_at: z.iso.datetime(),
    finished_at: z.iso.datetime().nullable(),
  })
  .meta({
    id: 'Delivery',
    examples: [example],
  });
export type Delivery = z.output<typeof Delivery>;

export const DeliveryAttempt = z.object({
  timestamp: z.iso.datetime(),
  duration_ms: z.int(),
  status: z.int().nullable().meta({ description: 'HTTP status of the response' }),
  error: z.string().nullable().meta({
    description:
      'private_address, dns, connection, tls, timeout, bad_answer, redirect, gone or status; null: none',
  }),
  detail: z.string().nullable(),
  response: z.string().nullable().meta({ description: 'The start of the response, at most 1 KB' }),
});
export type DeliveryAttempt = z.output<typeof DeliveryAttempt>;

/** A delivery with its latest attempts, the newest first. */
export const TracedDelivery = Delivery.extend({ tries: z.array(DeliveryAttempt) }).meta({
  id: 'TracedDelivery',
  examples: [
    {
      ...example,
      tries: [
        {
          timestamp: '2024-01-15T10:30:00.300Z',
          duration_ms: 42,
          status: 500,
          error: 'status',
          detail: 'The response status was 500.',
          response: 'Internal Server Error',
        },
      ],
    },
  ],
});
export type TracedDelivery = z.output<typeof TracedDelivery>;

export function presentDelivery(found: FoundDelivery): Delivery {
  return {
    id: found.id,
    event_id: found.eventId,
    rule_id: found.ruleId,
    type: found.type,
    timestamp: isoTime(found.at),
    state: found.state,
    attempts: found.attempts,
    created_at: isoTime(found.createdAt),
    finished_at: isoTimeOrNull(found.finishedAt),
  };
}

export function presentAttempt({ at, durationMs, ...attempt }: Attempt): DeliveryAttempt {
  return {
    timestamp: isoTime(at),
    duration_ms: durationMs,
    ...attempt,
  };
}
