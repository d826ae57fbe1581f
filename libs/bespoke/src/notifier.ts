import { Email, EntityName, Label, checkStorable, text } from '@oriontel/contracts';
import { z } from 'zod';

const E164 = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164 format, for example +14155550123');

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day from 00:00 to 23:59');

/** Default limit of an organization without its own. */
export const DEFAULT_MAX_PER_HOUR = 1_000;

export const NotificationRule = z
  .looseObject({
    id: EntityName,
    name: Label,
    trigger: EntityName.meta({ description: 'Event type that triggers the notification' }),
    channels: z
      .array(z.enum(['sms', 'email'], 'must be sms or email'))
      .min(1)
      .max(2),
    template: text(4096).meta({
      description: 'Text with {{name}} placeholders for fields of the event; not evaluated as code',
    }),
    enabled: z.boolean().default(true),
    recipients: z.array(Email).max(50).optional().meta({
      description: 'Email recipients. Default: the user of the event, else the managers of the organization',
    }),
    sms_to: z.array(E164).max(50).optional().meta({
      description: 'Recipients of text messages, E.164; delivered as `to` to webhooks for notification.sms',
    }),
  })
  .meta({ id: 'NotificationRule' });
export type NotificationRule = z.output<typeof NotificationRule>;

export const DeliveryPreferences = z
  .looseObject({
    quiet_hours: z.looseObject({ enabled: z.boolean(), start: timeOfDay, end: timeOfDay }).optional().meta({
      description:
        'UTC; past midnight if end is before start, none if they are equal. Notifications are dropped',
    }),
    max_notifications_per_hour: z
      .int('must be a whole number')
      .min(0)
      .max(1_000_000)
      .optional()
      .meta({
        description: `Emails and texts per clock hour; more are dropped. Default: ${DEFAULT_MAX_PER_HOUR}`,
      }),
  })
  .meta({ id: 'DeliveryPreferences' });
export type DeliveryPreferences = z.output<typeof DeliveryPreferences>;

/** Settings of the notifier: which events trigger which notifications, and when none are sent. */
export const NotifierSettings = z
  .looseObject({
    notification_rules: z.array(NotificationRule).max(1_000).default([]),
    delivery_preferences: DeliveryPreferences.default({}),
  })
  .refine(({ notification_rules: rules }) => new Set(rules.map(({ id }) => id)).size === rules.length, {
    path: ['notification_rules'],
    message: 'must have unique ids',
  })
  .superRefine(checkStorable)
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
