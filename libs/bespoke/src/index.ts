export { bespokeSettings } from './bespoke-setting.repository.ts';
export { demoSettings } from './demo-settings.ts';
export { notifierRules } from './notifier-rules.ts';
export { DeliveryPreferences, NotificationRule, NotifierSettings } from './notifier.ts';
