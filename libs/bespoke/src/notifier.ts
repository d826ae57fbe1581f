import { EntityName, Label, storable, text } from '@oriontel/contracts';
import { z } from 'zod';

const clock = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day like 22:00');

export const NotificationRule = z
  .looseObject({
    id: EntityName,
    name: Label,
    trigger: EntityName.meta({ description: 'The event type that it tells of' }),
    channels: z
      .array(z.enum(['sms', 'email'], 'must be sms or email'))
      .min(1)
      .max(2),
    template: text(4096).meta({ description: 'Text with {{names}} of members of the event; never code' }),
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'NotificationRule' });
export type NotificationRule = z.output<typeof NotificationRule>;

export const DeliveryPreferences = z
  .looseObject({
    quiet_hours: z
      .looseObject({ enabled: z.boolean(), start: clock, end: clock })
      .optional()
      .meta({ description: 'UTC' }),
    max_notifications_per_hour: z.int('must be a whole number').min(0).max(1_000_000).optional(),
  })
  .meta({ id: 'DeliveryPreferences' });
export type DeliveryPreferences = z.output<typeof DeliveryPreferences>;

/** Whom an organisation's notifier tells of what, and when not. */
export const NotifierSettings = z
  .looseObject({
    notification_rules: z.array(NotificationRule).max(1_000).default([]),
    delivery_preferences: DeliveryPreferences.default({}),
  })
  .refine(({ notification_rules: rules }) => new Set(rules.map(({ id }) => id)).size === rules.length, {
    path: ['notification_rules'],
    message: 'must not use an id twice',
  })
  .superRefine(storable)
  .meta({
    id: 'NotifierSettings',
    examples: [
      {
        notification_rules: [
          {
            id: 'rule-001',
            name: 'Missed Call Alert',
            trigger: 'missed_call',
            channels: ['sms', 'email'],
            template: 'You missed a call from {{caller_id}} at {{time}}',
            enabled: true,
          },
        ],
        delivery_preferences: {
          quiet_hours: { enabled: true, start: '22:00', end: '07:00' },
          max_notifications_per_hour: 10,
        },
      },
    ],
  });
export type NotifierSettings = z.output<typeof NotifierSettings>;
