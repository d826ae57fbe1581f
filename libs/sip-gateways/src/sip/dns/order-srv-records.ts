import type { SrvRecord } from './dns-resolver.ts';

/** Orders by priority, and randomly by weight within one (RFC 2782). `random`: in [0, 1). */
export function orderSrvRecords(records: SrvRecord[], random: () => number = Math.random): SrvRecord[] {
  const remaining = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  while (remaining.length) {
    const equals = remaining.filter(({ priority }) => priority === remaining[0]!.priority);
    let threshold = Math.floor(random() * (equals.reduce((sum, { weight }) => sum + weight, 0) + 1));
    const next = equals.find(({ weight }) => (threshold -= weight) <= 0) ?? equals.at(-1)!;
    remaining.splice(remaining.indexOf(next), 1);
    ordered.push(next);
  }
  return ordered;
}
