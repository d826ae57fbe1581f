import { EntityName } from '@oriontel/contracts';
import { Direction, type LegFacts } from '../call-leg.ts';
import { readCallflows, type Callflow } from './callflow.ts';
import { readLinks } from './links.ts';
import { readOutcome } from './outcome.ts';
import { readParties } from './parties.ts';
import { readTimes } from './times.ts';
import { childOf, memberOf, textOf, cleanText, withoutNul, type Tree } from './tree.ts';
import { readVariables, type Variables } from './variables.ts';

export type Format = 'mod_json_cdr' | 'mod_xml_cdr';

/**
 * The uuid variable; documents of 2009 have it in the caller profile only. Never truncated: the key would
 * change.
 */
function callIdOf(document: Tree, callflows: Callflow[]): string | null {
  const own = withoutNul(textOf(memberOf(childOf(document, 'variables'), 'uuid')) ?? '');
  return own || (callflows[0]?.profile('uuid') ?? null);
}

function directionOf(document: Tree, variables: Variables): Direction | null {
  const channelDirection = textOf(memberOf(childOf(document, 'channel_data'), 'direction'));
  return Direction.safeParse(variables.get('direction') ?? cleanText(channelDirection)).data ?? null;
}

/**
 * Null for an invalid entity name: rewriting it could merge two entities. The raw record keeps the original.
 */
const asEntity = (text: string | null): string | null => EntityName.safeParse(text).data ?? null;

/** The `trunk_id` that the dialplan exported, else the SIP gateway of the leg. */
function trunkOf(variables: Variables): string | null {
  return (
    asEntity(variables.get('trunk_id')) ??
    asEntity(variables.get('sip_gateway_name')) ??
    asEntity(variables.get('sip_gateway'))
  );
}

/** The facts of a parsed document, or the reason why it cannot be read. */
export function readFacts(document: Tree, format: Format, fallbackId: string | null): LegFacts | string {
  const variables = readVariables(document, format);
  const callflows = readCallflows(document);
  const callId = callIdOf(document, callflows) ?? fallbackId;
  if (!callId) return 'the document has no uuid and the URL no ?uuid=; send it as the switch wrote it';
  if (callId.length > 255)
    return 'the uuid is longer than 255 characters; shorten origination_uuid in the dialplan';
  const times = readTimes(variables, callflows);
  if (typeof times === 'string') return times;
  const direction = directionOf(document, variables);
  return {
    callId,
    ...readLinks(callId, variables, callflows),
    direction,
    ...readParties(variables, callflows, direction),
    ...times,
    disposition: null,
    ...readOutcome(variables),
    trunkId: trunkOf(variables),
    source: asEntity(cleanText(textOf(memberOf(document, 'switchname')))),
  };
}
