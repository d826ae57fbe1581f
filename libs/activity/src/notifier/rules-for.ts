import type { AcceptedEvent } from '../events/entity-event.ts';
import type { NotifierRule, NotifierRules } from './notifier-rules.ts';

/** An event, and the rules that tell of it. */
export interface Told {
  event: AcceptedEvent;
  rules: NotifierRule[];
}

/** What an organization's rules tell of. */
export interface Heard {
  orgId: number;
  own: NotifierRules;
  told: Told[];
}

/** The events that any enabled rule of their organization tells of. */
export const rulesFor = (events: AcceptedEvent[], settings: Map<number, NotifierRules>): Heard[] =>
  [...settings]
    .map(([orgId, own]) => ({ orgId, own, told: toldBy(own, events, orgId) }))
    .filter(({ told }) => told.length);

const toldBy = ({ rules }: NotifierRules, events: AcceptedEvent[], orgId: number): Told[] => {
  const byTrigger = new Map<string, NotifierRule[]>();
  for (const rule of rules.filter(({ enabled }) => enabled)) {
    const others = byTrigger.get(rule.trigger);
    if (others) others.push(rule);
    else byTrigger.set(rule.trigger, [rule]);
  }
  return events
    .filter((event) => event.orgId === orgId)
    .map((event) => ({ event, rules: byTrigger.get(event.type) ?? [] }))
    .filter((one) => one.rules.length);
};
