import type { Database } from '@oriontel/database';
import { bespokeSettings } from './bespoke-setting.repository.ts';

const DEMO_QUEUE_MONITOR = {
  refresh_interval: 5,
  display_columns: ['agent_name', 'status', 'calls_handled', 'avg_handle_time'],
  alert_thresholds: { queue_length: 10, wait_time_seconds: 120, abandon_rate: 5.0 },
  custom_metrics: [
    { name: 'service_level', formula: 'calls_answered_in_20s / total_calls * 100', target: 80 },
  ],
};

const DEMO_NOTIFIER = {
  notification_rules: [
    {
      id: 'rule-001',
      name: 'Missed Call Alert',
      trigger: 'missed_call',
      channels: ['sms', 'email'],
      template: 'You missed a call from {{caller_id}} at {{time}}',
      enabled: true,
    },
    {
      id: 'rule-002',
      name: 'Voicemail Notification',
      trigger: 'new_voicemail',
      channels: ['email'],
      template: 'New voicemail from {{caller_id}}. Duration: {{duration}}s',
      enabled: true,
    },
  ],
  delivery_preferences: {
    quiet_hours: { enabled: true, start: '22:00', end: '07:00' },
    max_notifications_per_hour: 10,
  },
};

/** Stores the settings of the platform document unless the organization has settings. */
export async function seedDemoSettings(db: Database, orgId: number): Promise<void> {
  const settings = bespokeSettings(db);
  if (!(await settings.find(orgId, 'queuemon'))) await settings.store(orgId, 'queuemon', DEMO_QUEUE_MONITOR);
  if (!(await settings.find(orgId, 'notifier'))) await settings.store(orgId, 'notifier', DEMO_NOTIFIER);
}
