import { DEFAULT_ORG_ID, Failure, isStorableText, type Principal } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { organizationToRead } from '@oriontel/service';
import type { FoundGateway } from './gateway.ts';
import { gateways, type GatewayMatch } from './gateway.repository.ts';

export interface GatewayLookup {
  principal: Principal;
  idOrName: string;
  /** Whether `idOrName` may be a name if no gateway has this id. Default: false. */
  byName?: boolean;
  /** The organization an admin asks for. */
  orgId?: number | undefined;
}

const MAX_ID_OR_NAME_LENGTH = 128;

/**
 * Finds the one gateway that a principal means. Users and keys see their own organization only. For an admin
 * it is the requested organization; without one, the default organization, else the only one with a match.
 * @throws Failure bad_request if several gateways match, forbidden, not_found
 */
export function findGateway(db: Queryable) {
  return async function lookUpGateway(lookup: GatewayLookup): Promise<FoundGateway> {
    const { principal, idOrName, byName = false } = lookup;
    const orgId = organizationToRead(principal, lookup.orgId);
    if (idOrName.length > MAX_ID_OR_NAME_LENGTH || !isStorableText(idOrName)) throw gatewayNotFound();
    const matches = await gateways(db).findByIdOrName(orgId, idOrName);
    const { isId: _, ...gateway } = pickMatch(matches, byName);
    return gateway;
  };
}

/** An id match takes precedence over a name match, the default organization over the others. */
function pickMatch(matches: GatewayMatch[], byName: boolean): GatewayMatch {
  const [best] = matches;
  if (!best || !(best.isId || byName)) throw gatewayNotFound();
  const candidates = matches.filter(({ isId }) => isId === best.isId);
  const inDefaultOrg = candidates.filter(({ orgId }) => orgId === DEFAULT_ORG_ID);
  const [found, other] = inDefaultOrg.length ? inDefaultOrg : candidates;
  if (other) throw other.orgId === found!.orgId ? ambiguousName() : ambiguousOrganization();
  return found!;
}

const gatewayNotFound = (): Failure => new Failure('not_found', 'Gateway not found');

function ambiguousName(): Failure {
  return new Failure('bad_request', 'Several gateways have this name: use the id of one.', {
    details: [{ field: 'entity', message: 'is the name of several gateways: use the id of one' }],
  });
}

function ambiguousOrganization(): Failure {
  return new Failure('bad_request', 'Several organizations have this gateway: set org_id.', {
    details: [{ field: 'org_id', message: 'is required: several organizations have this gateway' }],
  });
}
