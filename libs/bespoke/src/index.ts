export { bespokeSettings } from './bespoke-setting.repository.ts';
export { seedDemoSettings } from './seed-demo-settings.ts';
export { findNotifierRules } from './find-notifier-rules.ts';
export { DeliveryPreferences, NotificationRule, NotifierSettings } from './notifier.ts';
