import type { RouteCases } from './route-case.ts';

const queueMonitor = {
  refresh_interval: 5,
  display_columns: ['agent_name', 'status'],
  alert_thresholds: { queue_length: 10, wait_time_seconds: 120, abandon_rate: 5 },
  custom_metrics: [{ name: 'service_level', formula: 'a / b * 100', target: 80 }],
  colors: { our: 'own' },
};
const rule = {
  id: 'rule-001',
  name: 'Missed Call Alert',
  trigger: 'missed_call',
  channels: ['sms', 'email'],
  template: 'You missed a call from {{caller_id}} at {{time}}',
  enabled: true,
};
const notifier = {
  notification_rules: [rule],
  delivery_preferences: {
    quiet_hours: { enabled: true, start: '22:00', end: '07:00' },
    max_notifications_per_hour: 10,
  },
};

/** Routes of the platform document that are neither CDRs nor logs. */
export const platformCases: RouteCases = {
  'GET /qrcode/:data': {
    example: () => ({ url: '/qrcode/hello?size=100&format=svg' }),
    status: 200,
    otherOrgStatus: 200,
    invalidRequests: {
      'a margin above the maximum': { query: { margin: '99' }, status: 400, field: 'margin' },
      'data that is too long': { url: `/qrcode/${'x'.repeat(4_000)}`, status: 413 },
    },
  },
  'GET /bespoke/queuemon': {
    async example({ call, ours }, who) {
      await call('/bespoke/queuemon', { method: 'PUT', as: ours.manager, body: queueMonitor });
      return {
        url: who === 'admin' ? `/bespoke/queuemon?org_id=${ours.orgId}` : '/bespoke/queuemon',
        marker: '"colors"',
      };
    },
    status: 200,
    data: queueMonitor,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: {
      'an invalid queue': { query: { queue_id: 'a b' }, status: 400, field: 'queue_id' },
    },
  },
  'PUT /bespoke/queuemon': {
    example: () => ({ url: '/bespoke/queuemon?queue_id=support', body: queueMonitor }),
    status: 200,
    data: queueMonitor,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an interval below the minimum': {
        body: { refresh_interval: 0 },
        status: 400,
        field: 'refresh_interval',
      },
      'columns that are not a list': {
        body: { display_columns: 'all' },
        status: 400,
        field: 'display_columns',
      },
      'a metric without formula': {
        body: { custom_metrics: [{ name: 'x' }] },
        status: 400,
        field: 'custom_metrics[0].formula',
      },
      'a body that is not an object': { body: [], status: 400 },
    },
  },
  'GET /bespoke/notifier': {
    async example({ call, ours }, who) {
      await call('/bespoke/notifier', { method: 'PUT', as: ours.manager, body: notifier });
      const org = who === 'admin' ? `&org_id=${ours.orgId}` : '';
      return { url: `/bespoke/notifier?type=sms${org}`, marker: '"rule-001"' };
    },
    status: 200,
    data: notifier,
    orgIdIn: 'query',
    otherOrgStatus: 404,
    invalidRequests: { 'a type without rules': { url: '/bespoke/notifier?type=fax', status: 404 } },
  },
  'PUT /bespoke/notifier': {
    example: () => ({ url: '/bespoke/notifier', body: notifier }),
    status: 200,
    data: notifier,
    orgIdIn: 'query',
    otherOrgStatus: 200,
    invalidRequests: {
      'an invalid channel': {
        body: { notification_rules: [{ ...rule, channels: ['fax'] }] },
        status: 400,
        field: 'notification_rules[0].channels',
      },
      'an invalid hour': {
        body: { delivery_preferences: { quiet_hours: { enabled: true, start: '24:00', end: '07:00' } } },
        status: 400,
        field: 'delivery_preferences.quiet_hours.start',
      },
      'a recipient without an address': {
        body: { notification_rules: [{ ...rule, recipients: ['Ann'] }] },
        status: 400,
        field: 'notification_rules[0].recipients[0]',
      },
      'a number that is not E.164': {
        body: { notification_rules: [{ ...rule, sms_to: ['0171 1234'] }] },
        status: 400,
        field: 'notification_rules[0].sms_to[0]',
      },
      'two rules with the same id': {
        body: { notification_rules: [rule, rule] },
        status: 400,
        field: 'notification_rules',
      },
    },
  },
};
