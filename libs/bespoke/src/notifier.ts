import { Email, EntityName, Label, checkStorable, text } from '@oriontel/contracts';
import { z } from 'zod';

const E164 = z.string().regex(/^\+[1-9]\d{6,14}$/, 'must be a number in E.164, like +14155550123');

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of the day like 22:00');

/** Notifications in an hour, where an organization has not said how many. */
export const DEFAULT_MAX_PER_HOUR = 1_000;

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
    recipients: z
      .array(Email)
      .max(50)
      .optional()
      .meta({ description: 'Whom emails go to; absent: the user whose event it is, else the managers' }),
    sms_to: z
      .array(E164)
      .max(50)
      .optional()
      .meta({ description: 'The `to` of text messages, which webhooks for notification.sms send; E.164' }),
  })
  .meta({ id: 'NotificationRule' });
export type NotificationRule = z.output<typeof NotificationRule>;

export const DeliveryPreferences = z
  .looseObject({
    quiet_hours: z.looseObject({ enabled: z.boolean(), start: timeOfDay, end: timeOfDay }).optional().meta({
      description:
        'UTC, from start until end, over midnight where end is earlier; the same twice: none. What rules would tell meanwhile is dropped',
    }),
    max_notifications_per_hour: z
      .int('must be a whole number')
      .min(0)
      .max(1_000_000)
      .optional()
      .meta({
        description: `Emails and text messages in each hour of the clock; those beyond are dropped. Absent: ${DEFAULT_MAX_PER_HOUR}`,
      }),
  })
  .meta({ id: 'DeliveryPreferences' });
export type DeliveryPreferences = z.output<typeof DeliveryPreferences>;

/** Whom an organization's notifier tells of what, and when not. */
export const NotifierSettings = z
  .looseObject({
    notification_rules: z.array(NotificationRule).max(1_000).default([]),
    delivery_preferences: DeliveryPreferences.default({}),
  })
  .refine(({ notification_rules: rules }) => new Set(rules.map(({ id }) => id)).size === rules.length, {
    path: ['notification_rules'],
    message: 'must not use an id twice',
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
