import { readFileSync } from 'node:fs';
import type { Body } from '../send-bodies.ts';
import { createRandom, type Random } from '../seed/random.ts';
import { generateCalls, type GeneratedBatch } from '../seed/generate-calls.ts';
import { BENCH_ORGANIZATIONS } from './organizations.ts';

export interface BodyOptions {
  /** Another seed gives other calls and numbers drawn from the same millions. */
  seed: number;
  requests: number;
  /** Range of the start times. */
  from: Date;
  to: Date;
}

/** Share of the records that a switch sends a second time. */
const REPEATED_SHARE = 0.02;
const TWO_LEG_SHARE = 0.2;
/** Calls come in roughly in the order of their times; the last batches of the range are not full. */
const SPARE_SHARE = 0.5;
const SAMPLE_URL = new URL(
  '../../libs/cdr/src/fixtures/freeswitch-1.10.12/json-answered-inbound.body',
  import.meta.url,
);
const SAMPLE = {
  uuid: 'b225e547-604e-4cad-9379-46db2798f987',
  caller: '14155551234',
  callee: '14155551001',
  startSeconds: 1_795_330_427,
};
const SAMPLE_EPOCHS = /\b17953304(\d\d)(\d{6})?\b/g;
const SAMPLE_PHONE_NUMBERS = new RegExp(`${SAMPLE.caller}|${SAMPLE.callee}`, 'g');
const EVENT_TYPES = [
  'user_login',
  'config_change',
  'security',
  'extension_update',
  'trunk_update',
  'api_call',
];
const SEVERITIES = ['info', 'info', 'info', 'warning', 'error'];

function generateBatches(options: BodyOptions, batchSize: number): GeneratedBatch[] {
  const { seed, requests, from, to } = options;
  const leftover = BENCH_ORGANIZATIONS.length * batchSize;
  const legs = Math.ceil(requests * batchSize * (1 + SPARE_SHARE)) + (batchSize > 1 ? leftover : 0);
  const organizations = BENCH_ORGANIZATIONS;
  const calls = generateCalls({ seed, legs, from, to, organizations, batchSize, twoLegShare: TWO_LEG_SHARE });
  const full = [...calls].filter(({ records }) => records.length >= batchSize);
  // Over the whole range, not only its first hours.
  return Array.from({ length: requests }, (_, index) => {
    const batch = full[Math.floor((index * full.length) / requests)]!;
    return { ...batch, records: batch.records.slice(0, batchSize) };
  });
}

/** Replaces 2 % of the records of each batch with records that the same switch sent before. */
function repeatRecords(batches: GeneratedBatch[], random: Random): GeneratedBatch[] {
  const sent = new Map<string, GeneratedBatch['records']>();
  return batches.map((batch) => {
    const key = `${batch.orgId}/${batch.source}`;
    const earlier = sent.get(key);
    sent.set(key, batch.records);
    if (!earlier) return batch;
    const records = batch.records.map((record) =>
      random.next() < REPEATED_SHARE ? random.pick(earlier) : record,
    );
    return { ...batch, records };
  });
}

function toBody({ orgId, batchId, source, records }: GeneratedBatch): Body {
  return {
    method: 'POST',
    path: `/cdr/${batchId}?org_id=${orgId}`,
    body: JSON.stringify({ records, source }),
    records: records.length,
  };
}

/** Batches of `size` platform records. */
export function createBatchBodies(options: BodyOptions, size: number): Body[] {
  return repeatRecords(generateBatches(options, size), createRandom(options.seed)).map(toBody);
}

/** Documents of mod_json_cdr (FreeSWITCH 1.10.12, about 8 KB), one per request. */
export function createFreeswitchBodies(options: BodyOptions): Body[] {
  const sample = readFileSync(SAMPLE_URL, 'utf8');
  return repeatRecords(generateBatches(options, 1), createRandom(options.seed)).map((batch) => {
    const [record] = batch.records;
    const digitsOf = (number: unknown) => String(number).replace('+', '');
    const [caller, callee] = [digitsOf(record!.caller), digitsOf(record!.callee)];
    const shiftSeconds = Math.floor(Date.parse(record!.start_time) / 1_000) - SAMPLE.startSeconds;
    const body = sample
      .replaceAll(SAMPLE.uuid, record!.call_id)
      .replace(SAMPLE_PHONE_NUMBERS, (digits) => (digits === SAMPLE.caller ? caller : callee))
      .replace(
        SAMPLE_EPOCHS,
        (epoch, _second, microseconds = '') =>
          `${Number(epoch.slice(0, 10)) + shiftSeconds}${microseconds as string}`,
      );
    return { method: 'POST', path: `/cdr/${batch.source}?org_id=${batch.orgId}`, body, records: 1 };
  });
}

/** Audit events, one per request. */
export function createEventBodies({ seed, requests }: BodyOptions): Body[] {
  const random = createRandom(seed);
  return Array.from({ length: requests }, () => {
    const number = random.integer(1, 1_000_000);
    const body = JSON.stringify({
      event_type: random.pick(EVENT_TYPES),
      severity: random.pick(SEVERITIES),
      resource_type: 'extension',
      resource_id: `ext-${number}`,
      description: `Changed forwarding of extension ${number} from ${random.hex(6)} to ${random.hex(6)}`,
      metadata: { previous_value: random.hex(16), new_value: random.hex(16) },
      ip_address: `10.${number % 250}.${number % 199}.${number % 97}`,
    });
    return {
      method: 'PUT',
      path: `/eventlog/${random.pickWeighted(BENCH_ORGANIZATIONS).id}`,
      body,
      records: 1,
    };
  });
}
