import type { PlatformRecord } from '@oriontel/cdr';
import { NUMBER_PLANS, nationalNumber, type NumberPlan } from './number-plans.ts';
import { createRandom, type Random } from './random.ts';

export interface CallOrganization {
  id: number;
  name: string;
  /** The country of its numbers, one of NUMBER_PLANS. */
  region: string;
  /** Share of all calls. */
  weight: number;
  extensions: number;
  trunks: string[];
  /** Names of its switches. */
  sources: string[];
  /** Hours that its local time is ahead of UTC. */
  utcOffsetHours: number;
}

export interface GenerateOptions {
  /** The same options give the same calls. */
  seed: number;
  /** Records in all batches together. A call has one or two. */
  legs: number;
  from: Date;
  to: Date;
  organizations?: readonly CallOrganization[];
  /** Records per batch. */
  batchSize?: number;
  /** Share of the routed calls that have two linked legs; the others have the caller's only. Default 1. */
  twoLegShare?: number;
}

/** Records as one switch sends them, valid by the rules of the intake. */
export interface GeneratedBatch {
  orgId: number;
  batchId: string;
  source: string;
  records: PlatformRecord[];
}

export const DEMO_ORGANIZATIONS: readonly CallOrganization[] = [
  organization(20_001, 'Acme Corporation', 'US', 35, 400, ['carrier-east', 'carrier-west', 'sip-backup'], -5),
  organization(20_002, 'Nordwind Logistik', 'DE', 25, 250, ['dtag-01', 'dtag-02'], 1),
  organization(20_003, 'Harbour & Sons', 'GB', 18, 120, ['bt-primary', 'bt-secondary'], 0),
  organization(20_004, 'Atelier Lumière', 'FR', 12, 60, ['orange-sip'], 1),
  organization(20_005, 'Coral Bay Support', 'AU', 10, 80, ['telstra-a', 'telstra-b'], 10),
];

function organization(
  ...[id, name, region, weight, extensions, trunks, utcOffsetHours]: [
    number,
    string,
    string,
    number,
    number,
    string[],
    number,
  ]
): CallOrganization {
  const sources = [`pbx-${region.toLowerCase()}-01`, `pbx-${region.toLowerCase()}-02`];
  return { id, name, region, weight, extensions, trunks, sources, utcOffsetHours };
}

interface Outcome {
  weight: number;
  disposition: 'ANSWERED' | 'NO ANSWER' | 'BUSY' | 'FAILED';
  hangup_cause: string;
  q850: number | null;
  sip_status: number;
  /** Seconds until answer or end. */
  ringSeconds: readonly [number, number];
}

function outcome(
  ...[weight, disposition, hangup_cause, q850, sip_status, ringSeconds]: [
    number,
    Outcome['disposition'],
    string,
    number | null,
    number,
    [number, number],
  ]
): Outcome {
  return { weight, disposition, hangup_cause, q850, sip_status, ringSeconds };
}

const OUTCOMES: readonly Outcome[] = [
  outcome(640, 'ANSWERED', 'NORMAL_CLEARING', 16, 200, [2, 25]),
  outcome(90, 'NO ANSWER', 'NO_ANSWER', 19, 480, [25, 60]),
  outcome(80, 'NO ANSWER', 'ORIGINATOR_CANCEL', null, 487, [3, 40]),
  outcome(25, 'NO ANSWER', 'NO_USER_RESPONSE', 18, 408, [10, 32]),
  outcome(70, 'BUSY', 'USER_BUSY', 17, 486, [0, 4]),
  outcome(30, 'FAILED', 'UNALLOCATED_NUMBER', 1, 404, [0, 3]),
  outcome(20, 'FAILED', 'NORMAL_TEMPORARY_FAILURE', 41, 503, [0, 5]),
  outcome(15, 'FAILED', 'CALL_REJECTED', 21, 603, [0, 6]),
  outcome(12, 'FAILED', 'NO_ROUTE_DESTINATION', 3, 404, [0, 1]),
  outcome(10, 'FAILED', 'NORMAL_CIRCUIT_CONGESTION', 34, 503, [0, 3]),
  outcome(5, 'FAILED', 'RECOVERY_ON_TIMER_EXPIRE', 102, 504, [30, 34]),
  outcome(3, 'FAILED', 'INVALID_NUMBER_FORMAT', 28, 484, [0, 1]),
];

const KINDS = [
  { kind: 'inbound', weight: 45 },
  { kind: 'outbound', weight: 40 },
  { kind: 'internal', weight: 15 },
] as const;

const HOUR_MS = 3_600_000;
const DEFAULT_BATCH_SIZE = 500;
/** Relative number of calls by hour of the local day. */
const CALLS_BY_HOUR = [
  2, 1, 1, 1, 1, 3, 8, 25, 70, 95, 100, 98, 75, 80, 96, 98, 90, 70, 35, 20, 14, 10, 6, 4,
];
const WEEKEND_SHARE = 0.25;
/** Numbers in the own country and in each other one. Few of them make most of the calls. */
const HOME_NUMBERS = 200_000;
const FOREIGN_NUMBERS = 20_000;
const NUMBER_SKEW = 3;
const SHARE_ABROAD = 0.15;
/** Logarithm of the seconds from answer to end: the median is 74 s. */
const TALK_LOG_MEAN = 4.3;
const TALK_LOG_DEVIATION = 1.1;
const MAX_TALK_SECONDS = 4 * 3_600;

/** Generates batches of calls, roughly in the order of their start times. */
export function* generateCalls(options: GenerateOptions): Generator<GeneratedBatch> {
  const { seed, legs, from, to, batchSize = DEFAULT_BATCH_SIZE, twoLegShare = 1 } = options;
  const organizations = options.organizations ?? DEMO_ORGANIZATIONS;
  const random = createRandom(seed);
  const open = new Map<string, GeneratedBatch>();
  let batches = 0;
  function batchOf({ id: orgId }: CallOrganization, source: string): GeneratedBatch {
    const key = `${orgId}/${source}`;
    const existing = open.get(key);
    if (existing) return existing;
    batches += 1;
    const batch = { orgId, batchId: `seed-${seed}-${batches}`, source, records: [] };
    open.set(key, batch);
    return batch;
  }

  for (const { hour, candidates, legs: count } of distribute(legs, from, to, organizations)) {
    for (let generated = 0; generated < count;) {
      const caller = random.pickWeighted(candidates).organization;
      const source = random.pick(caller.sources);
      const startMs = Math.min(hour + random.integer(0, HOUR_MS - 1), to.getTime() - 1);
      const legsWanted = random.next() < twoLegShare ? 2 : 1;
      const records = generateCall(random, caller, startMs).slice(0, Math.min(legsWanted, count - generated));
      if (records.length === 1) delete records[0]!.linked_call_id;
      const batch = batchOf(caller, source);
      batch.records.push(...records);
      generated += records.length;
      if (batch.records.length >= batchSize) {
        open.delete(`${caller.id}/${source}`);
        yield batch;
      }
    }
  }
  yield* open.values();
}

interface HourShare {
  /** Epoch milliseconds. */
  hour: number;
  legs: number;
  candidates: { organization: CallOrganization; weight: number }[];
}

/** Divides the legs among the hours by the local time of the organizations. */
function distribute(
  legs: number,
  from: Date,
  to: Date,
  organizations: readonly CallOrganization[],
): HourShare[] {
  const hours: Omit<HourShare, 'legs'>[] = [];
  for (let hour = from.getTime(); hour < to.getTime(); hour += HOUR_MS) {
    const candidates = organizations.map((organization) => ({
      organization,
      weight: organization.weight * activityAt(hour + organization.utcOffsetHours * HOUR_MS),
    }));
    hours.push({ hour, candidates });
  }
  const weightOf = (share: Omit<HourShare, 'legs'>) =>
    share.candidates.reduce((sum, { weight }) => sum + weight, 0);
  const total = hours.reduce((sum, share) => sum + weightOf(share), 0);
  let [weight, distributed] = [0, 0];
  return hours.map((share) => {
    weight += weightOf(share);
    const due = Math.round((legs * weight) / total) - distributed;
    distributed += due;
    return { ...share, legs: due };
  });
}

function activityAt(localMs: number): number {
  const local = new Date(localMs);
  const weekend = local.getUTCDay() % 6 === 0;
  return CALLS_BY_HOUR[local.getUTCHours()]! * (weekend ? WEEKEND_SHARE : 1);
}

/** One or two legs; two link to each other. */
function generateCall(random: Random, organization: CallOrganization, startMs: number): PlatformRecord[] {
  const { kind } = random.pickWeighted(KINDS);
  const result = random.pickWeighted(OUTCOMES);
  const timing = generateTiming(random, result, startMs);
  const { disposition, hangup_cause, q850, sip_status } = result;
  const common = { direction: kind, disposition, hangup_cause, ...(q850 !== null && { q850 }), sip_status };
  const { caller, callee, dialed } = generateParties(random, organization, kind);
  const trunk = kind === 'internal' ? {} : { trunk_id: random.pick(organization.trunks) };
  const first: PlatformRecord = {
    call_id: generateUuid(random),
    leg: 'a',
    caller,
    callee: dialed,
    ...timing(0),
    ...common,
    ...(kind === 'inbound' && trunk),
  };
  // A call that cannot be routed has no second leg.
  if (disposition === 'FAILED') return [{ ...first, ...(kind === 'outbound' && trunk) }];
  const second: PlatformRecord = {
    call_id: generateUuid(random),
    leg: 'b',
    linked_call_id: first.call_id,
    caller,
    callee,
    ...timing(random.integer(100, 900)),
    ...common,
    ...(kind === 'outbound' && trunk),
  };
  return [{ ...first, linked_call_id: second.call_id }, second];
}

/** `callee` is whom the second leg reaches, `dialed` what the caller dialed. */
function generateParties(
  random: Random,
  organization: CallOrganization,
  kind: (typeof KINDS)[number]['kind'],
): { caller: string; callee: string; dialed: string } {
  const home = NUMBER_PLANS.find(({ region }) => region === organization.region)!;
  const extensionIndex = random.integer(0, organization.extensions - 1);
  const extension = String(1_000 + extensionIndex);
  // Each extension has a number of its own, apart from the numbers of other organizations in the country.
  const ownNumber = toE164(home, organization.id * 1_000 + extensionIndex);
  if (kind === 'internal') {
    const callee = String(1_000 + random.integer(0, organization.extensions - 1));
    return { caller: extension, callee, dialed: callee };
  }
  const foreign = random.next() < SHARE_ABROAD;
  const plan = foreign ? random.pickWeighted(NUMBER_PLANS) : home;
  const numbers = plan === home ? HOME_NUMBERS : FOREIGN_NUMBERS;
  const index = Math.floor(numbers * random.next() ** NUMBER_SKEW);
  const external = toE164(plan, index);
  if (kind === 'inbound') return { caller: external, callee: extension, dialed: ownNumber };
  return { caller: ownNumber, callee: external, dialed: asDialed(random, home, plan, index) };
}

function toE164(plan: NumberPlan, index: number): string {
  return `+${plan.callingCode}${nationalNumber(plan, index)}`;
}

/** Users dial national numbers with the trunk prefix, others with the international one or as +… */
function asDialed(random: Random, home: NumberPlan, plan: NumberPlan, index: number): string {
  const national = nationalNumber(plan, index);
  if (plan === home && random.next() < 0.6) return home.nationalPrefix + national;
  if (random.next() < 0.3) return home.internationalPrefix + plan.callingCode + national;
  return `+${plan.callingCode}${national}`;
}

/** Returns the times of a leg that starts `delayMs` after the call. */
function generateTiming(random: Random, { disposition, ringSeconds }: Outcome, startMs: number) {
  const ringMs = random.integer(ringSeconds[0], ringSeconds[1]) * 1_000;
  const talkSeconds =
    disposition === 'ANSWERED'
      ? Math.min(MAX_TALK_SECONDS, Math.ceil(Math.exp(TALK_LOG_MEAN + TALK_LOG_DEVIATION * random.normal())))
      : 0;
  return function timesOfLeg(delayMs: number) {
    const legStartMs = startMs + delayMs;
    const answerMs = legStartMs + ringMs;
    const endMs = answerMs + talkSeconds * 1_000;
    return {
      start_time: new Date(legStartMs).toISOString(),
      ...(talkSeconds > 0 && { answer_time: new Date(answerMs).toISOString() }),
      end_time: new Date(endMs).toISOString(),
      duration: (endMs - legStartMs) / 1_000,
      billsec: talkSeconds,
    };
  };
}

/** Version 4 by form (RFC 9562), but reproducible. */
function generateUuid(random: Random): string {
  const hex = random.hex(32);
  const variant = '89ab'[parseInt(hex[16]!, 16) % 4]!;
  const groups = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    variant + hex.slice(17, 20),
    hex.slice(20),
  ];
  return groups.join('-');
}
