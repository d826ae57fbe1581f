import { Label, checkStorable, text } from '@oriontel/contracts';
import { z } from 'zod';

const threshold = z.number('must be a number').min(0, 'must not be negative');

/** Settings of the queue monitor. Unknown fields belong to the client and are kept. */
export const QueueMonitorSettings = z
  .looseObject({
    refresh_interval: z
      .int('must be a whole number')
      .min(1)
      .max(86_400)
      .optional()
      .meta({ description: 'Seconds' }),
    display_columns: z.array(text(128)).max(100).optional(),
    alert_thresholds: z
      .looseObject({
        queue_length: threshold.optional().meta({ description: 'Callers waiting' }),
        wait_time_seconds: threshold.optional(),
        abandon_rate: threshold.max(100).optional().meta({ description: 'Percent' }),
      })
      .optional(),
    custom_metrics: z
      .array(
        z.looseObject({
          name: Label,
          formula: text(1024).meta({
            description: 'Text for the client; not evaluated by the server',
          }),
          target: z.number('must be a number').optional(),
        }),
      )
      .max(100)
      .optional(),
  })
  .superRefine(checkStorable)
  .meta({
    id: 'QueueMonitorSettings',
    examples: [
      {
        refresh_interval: 5,
        display_columns: ['agent_name', 'status', 'calls_handled', 'avg_handle_time'],
        alert_thresholds: { queue_length: 10, wait_time_seconds: 120, abandon_rate: 5 },
        custom_metrics: [
          { name: 'service_level', formula: 'calls_answered_in_20s / total_calls * 100', target: 80 },
        ],
      },
    ],
  });
