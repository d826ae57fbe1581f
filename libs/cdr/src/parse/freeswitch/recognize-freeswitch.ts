import { outlineJson } from './outline-json.ts';

/** Covers the first outermost members of every sender, and bounds the cost for long bodies. */
const MAX_HEAD_CHARS = 65_536;

const KEYS = new Set(['records', 'core-uuid', 'channel_data', 'callStats', 'callflow', 'variables']);

export interface PostedBody {
  body: string;
  contentType?: string;
  userAgent?: string;
  /** The `uuid` query parameter that mod_json_cdr and mod_xml_cdr add to their URL. */
  uuid?: string;
}

type BodyKind = 'freeswitch' | 'batch' | 'unknown';

function classifyJson(head: string): BodyKind {
  const found = new Set(outlineJson(head, KEYS).keys.map((key) => key.name));
  const hasSwitchKey = [...found].some((name) => name !== 'records' && name !== 'variables');
  if (found.has('records')) return hasSwitchKey && found.has('variables') ? 'freeswitch' : 'batch';
  return hasSwitchKey || found.has('variables') ? 'freeswitch' : 'unknown';
}

function classifyBody(body: string): BodyKind {
  const head = body.slice(0, MAX_HEAD_CHARS).replace(/^[\s\uFEFF]+/, '');
  if (head.startsWith('{')) return classifyJson(head);
  if (head.startsWith('<')) return /<cdr[\s/>]/.test(head) ? 'freeswitch' : 'unknown';
  return /(?:^|&)cdr=/.test(head.slice(0, 4096)) ? 'freeswitch' : 'unknown';
}

/**
 * Whether mod_json_cdr or mod_xml_cdr sent a body, by its content, else by the User-Agent or `?uuid=`.
 * JSON with an outermost `records` is a platform batch, unless it has members that only a switch writes.
 */
export function isFreeswitch({ body, userAgent, uuid }: PostedBody): boolean {
  const kind = classifyBody(body);
  if (kind !== 'unknown') return kind === 'freeswitch';
  return /^freeswitch-/i.test(userAgent ?? '') || Boolean(uuid);
}
