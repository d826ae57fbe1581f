import { outlineJson } from './outline-json.ts';

/** Enough to see the outermost members a switch or a platform writes first, and cheap whatever the body's length. */
const MAX_HEAD_CHARS = 65_536;

const KEYS = new Set(['records', 'core-uuid', 'channel_data', 'callStats', 'callflow', 'variables']);

export interface PostedBody {
  body: string;
  contentType?: string;
  userAgent?: string;
  /** The `uuid` of the query, which mod_json_cdr and mod_xml_cdr add to their URL. */
  uuid?: string;
}

type BodyKind = 'freeswitch' | 'batch' | 'unknown';

function classifyJson(head: string): BodyKind {
  const found = new Set(outlineJson(head, KEYS).keys.map((key) => key.name));
  const ofSwitch = [...found].some((name) => name !== 'records' && name !== 'variables');
  if (found.has('records')) return ofSwitch && found.has('variables') ? 'freeswitch' : 'batch';
  return ofSwitch || found.has('variables') ? 'freeswitch' : 'unknown';
}

function classifyBody(body: string): BodyKind {
  const head = body.slice(0, MAX_HEAD_CHARS).replace(/^[\s\uFEFF]+/, '');
  if (head.startsWith('{')) return classifyJson(head);
  if (head.startsWith('<')) return /<cdr[\s/>]/.test(head) ? 'freeswitch' : 'unknown';
  return /(?:^|&)cdr=/.test(head.slice(0, 4096)) ? 'freeswitch' : 'unknown';
}

/**
 * Whether a body comes from mod_json_cdr or mod_xml_cdr: known by its content, by a User-Agent of theirs, or by
 * `?uuid=`. JSON with an outermost `records` is a platform batch, unless it has the members only a switch writes.
 */
export function isFreeswitch({ body, userAgent, uuid }: PostedBody): boolean {
  const verdict = classifyBody(body);
  if (verdict !== 'unknown') return verdict === 'freeswitch';
  return /^freeswitch-/i.test(userAgent ?? '') || Boolean(uuid);
}
