import { findNotifierRules } from '@oriontel/bespoke';
import { findContactEmails } from '@oriontel/identity';
import type { Notify } from '@oriontel/notifications';
import { createNotify, type NotifierOptions } from '@oriontel/notifications/worker';
import type { Logger } from '@oriontel/service';

/**
 * Creates the deliveries of events, with the rules of `libs/bespoke` and the email addresses of
 * `libs/identity`.
 */
export function createEventNotify(log: Logger, channels: NotifierOptions['channels']): Notify {
  return createNotify({
    findRules: findNotifierRules,
    findEmails: findContactEmails,
    channels,
    onSuppressed: (suppressed) => log.info(suppressed, 'notifications suppressed'),
  });
}
