import type { NotifiableEvent } from '../notifiable-event.ts';
import type { NotifierRule, NotifierRules } from './notifier-rules.ts';

/** An event and the rules that it triggers. */
export interface MatchedEvent {
  event: NotifiableEvent;
  rules: NotifierRule[];
}

export interface OrgMatches {
  orgId: number;
  orgRules: NotifierRules;
  matched: MatchedEvent[];
}

/** The events that trigger an enabled rule of their organization. */
export function matchRules(events: NotifiableEvent[], settings: Map<number, NotifierRules>): OrgMatches[] {
  return [...settings]
    .map(([orgId, orgRules]) => ({ orgId, orgRules, matched: matchEvents(orgRules, events, orgId) }))
    .filter(({ matched }) => matched.length);
}

function matchEvents({ rules }: NotifierRules, events: NotifiableEvent[], orgId: number): MatchedEvent[] {
  const byTrigger = new Map<string, NotifierRule[]>();
  for (const rule of rules.filter(({ enabled }) => enabled)) {
    const others = byTrigger.get(rule.trigger);
    if (others) others.push(rule);
    else byTrigger.set(rule.trigger, [rule]);
  }
  return events
    .filter((event) => event.orgId === orgId)
    .map((event) => ({ event, rules: byTrigger.get(event.type) ?? [] }))
    .filter((match) => match.rules.length);
}
