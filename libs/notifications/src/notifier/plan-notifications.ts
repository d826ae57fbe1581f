import type { Queryable } from '@oriontel/database';
import { findSmsWebhooks } from '../webhooks/create-webhook-deliveries.ts';
import { listReceivers, type PlannedNotification } from './list-receivers.ts';
import type { NotifierRule } from './notifier-rules.ts';
import type { OrgMatches, MatchedEvent } from './match-rules.ts';

export interface RecipientLookup {
  /** Default recipients by entity, for rules without recipients. The app passes it. */
  findEmails: (tx: Queryable, orgId: number, entities: string[]) => Promise<Map<string, string[]>>;
  /** Channels that are configured. */
  channels: { email: boolean };
}

/** The notifications of one organization, before its hourly maximum is applied. */
export interface NotificationPlan {
  orgId: number;
  maxPerHour: number;
  notifications: PlannedNotification[];
  /** Events with more notifications than one event may cause. */
  truncated: MatchedEvent[];
}

/** Finds the receivers of the matched events. */
export async function planNotifications(
  tx: Queryable,
  matches: OrgMatches[],
  lookup: RecipientLookup,
): Promise<NotificationPlan[]> {
  const orgIds = matches.map(({ orgId }) => orgId);
  const smsWebhooks = await findSmsWebhooks(tx, orgIds);
  const plans: NotificationPlan[] = [];
  for (const { orgId, orgRules, matched } of matches) {
    const emails = lookup.channels.email ? await findDefaultEmails(tx, orgId, matched, lookup) : null;
    const lists = matched.map((match) => {
      const receivers = {
        emails: emails && (emails.get(match.event.entity) ?? []),
        smsWebhooks: smsWebhooks.get(orgId) ?? [],
      };
      return { match, ...listReceivers(match.event, match.rules, receivers) };
    });
    plans.push({
      orgId,
      maxPerHour: orgRules.maxPerHour,
      notifications: lists.flatMap(({ notifications }) => notifications),
      truncated: lists.filter(({ isTruncated }) => isTruncated).map(({ match }) => match),
    });
  }
  return plans;
}

/** Default recipients by entity, for the events with a rule that needs them. */
async function findDefaultEmails(
  tx: Queryable,
  orgId: number,
  matched: MatchedEvent[],
  { findEmails }: RecipientLookup,
): Promise<Map<string, string[]>> {
  const entities = matched
    .filter(({ rules }) => rules.some(usesDefaultRecipients))
    .map(({ event }) => event.entity);
  return entities.length ? findEmails(tx, orgId, [...new Set(entities)]) : new Map<string, string[]>();
}

function usesDefaultRecipients({ channels, recipients }: NotifierRule): boolean {
  return channels.includes('email') && !recipients.length;
}
