import { DEFAULT_ORG_ID, Failure, isStorableText, type Principal } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { organizationToRead } from '@oriontel/service';
import type { FoundGateway } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

export interface GatewayLookup {
  principal: Principal;
  /** Its id; where `byName` says so and none has this id, its name. */
  idOrName: string;
  byName?: boolean;
  /** Whose, for admins. */
  orgId?: number | undefined;
}

/** Neither an id nor a name is longer. */
const MAX_ID_OR_NAME_LENGTH = 128;

/**
 * The gateway that somebody means. Everybody's own organization has theirs; an admin's is that of the organization that it
 * names, else of the default one, else of the only one that has such. Another organization's is not there.
 * @throws Failure bad_request where several could be meant, forbidden, not_found
 */
export function findGateway(db: Queryable) {
  return async function lookUpGateway({
    principal,
    idOrName,
    byName = false,
    orgId: asked,
  }: GatewayLookup): Promise<FoundGateway> {
    const orgId = organizationToRead(principal, asked);
    if (idOrName.length > MAX_ID_OR_NAME_LENGTH || !isStorableText(idOrName)) throw gatewayNotFound();
    const named = await gateways(db).findByIdOrName(orgId, idOrName);
    const [best] = named;
    if (!best || !(best.isId || byName)) throw gatewayNotFound();
    const alike = named.filter(({ isId }) => isId === best.isId);
    const ours = alike.filter((gateway) => gateway.orgId === DEFAULT_ORG_ID);
    const [found, other] = ours.length ? ours : alike;
    if (other) throw other.orgId === found!.orgId ? ambiguousName() : ambiguousOrganization();
    const { isId: _, ...gateway } = found!;
    return gateway;
  };
}

const gatewayNotFound = (): Failure => new Failure('not_found', 'Gateway not found');

function ambiguousName(): Failure {
  return new Failure('bad_request', 'Several gateways have this name: say which by its id.', {
    details: [{ field: 'entity', message: 'is the name of several gateways: give the id of one' }],
  });
}

function ambiguousOrganization(): Failure {
  return new Failure('bad_request', 'Several organizations have this gateway: say which by org_id.', {
    details: [{ field: 'org_id', message: 'is required: several organizations have this gateway' }],
  });
}
