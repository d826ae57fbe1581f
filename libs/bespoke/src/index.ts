export { bespokeSettings } from './bespoke-setting.repository.ts';
export { demoSettings } from './demo-settings.ts';
export { DeliveryPreferences, NotificationRule, NotifierSettings } from './notifier.ts';
