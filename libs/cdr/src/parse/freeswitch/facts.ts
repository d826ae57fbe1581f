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

/** The document's own uuid; in 2009 only the caller profile had it. Not cut to size: a cut key would be another call. */
function callIdOf(document: Tree, callflows: Callflow[]): string | null {
  const own = withoutNul(textOf(memberOf(childOf(document, 'variables'), 'uuid')) ?? '');
  return own || (callflows[0]?.profile('uuid') ?? null);
}

function directionOf(document: Tree, variables: Variables): Direction | null {
  const said =
    variables.get('direction') ?? cleanText(textOf(memberOf(childOf(document, 'channel_data'), 'direction')));
  return Direction.safeParse(said).data ?? null;
}

/** Null for what cannot be an entity: rewriting it could make one of two. The raw record keeps the original. */
const asEntity = (text: string | null): string | null => EntityName.safeParse(text).data ?? null;

/** A dialplan that knows its trunk exports `trunk_id`; else the gateway the leg came or went through. */
function trunkOf(variables: Variables): string | null {
  return (
    asEntity(variables.get('trunk_id')) ??
    asEntity(variables.get('sip_gateway_name')) ??
    asEntity(variables.get('sip_gateway'))
  );
}

/** What a parsed document says of its leg, or why that cannot be told. */
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
