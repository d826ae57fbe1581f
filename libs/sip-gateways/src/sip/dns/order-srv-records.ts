import type { SrvRecord } from './dns-resolver.ts';

/** RFC 2782: lowest priority first; among equals each comes next with the likelihood of its weight. `random`: from 0 to below 1. */
export function orderSrvRecords(records: SrvRecord[], random: () => number = Math.random): SrvRecord[] {
  const left = records.toSorted((a, b) => a.priority - b.priority || a.weight - b.weight);
  const ordered: SrvRecord[] = [];
  while (left.length) {
    const equals = left.filter(({ priority }) => priority === left[0]!.priority);
    let mark = Math.floor(random() * (equals.reduce((sum, { weight }) => sum + weight, 0) + 1));
    const next = equals.find(({ weight }) => (mark -= weight) <= 0) ?? equals.at(-1)!;
    left.splice(left.indexOf(next), 1);
    ordered.push(next);
  }
  return ordered;
}
