import { DEFAULT_ORG, Failure, isStorableText, type Principal } from '@oriontel/contracts';
import type { Queryable } from '@oriontel/database';
import { organizationToRead } from '@oriontel/service';
import type { FoundGateway } from './gateway.ts';
import { gateways } from './gateway.repository.ts';

export interface GatewayQuestion {
  principal: Principal;
  /** Its id; where `byName` says so and none has this id, its name. */
  word: string;
  byName?: boolean;
  /** Whose, for admins. */
  orgId?: number | undefined;
}

/** Neither an id nor a name is longer. */
const LONGEST = 128;

/**
 * The gateway that somebody means. Everybody's own organization has theirs; an admin's is that of the organization that it
 * names, else of the default one, else of the only one that has such. Another organization's is not there.
 * @throws Failure bad_request where several could be meant, forbidden, not_found
 */
export const findGateway =
  (db: Queryable) =>
  async ({ principal, word, byName = false, orgId: asked }: GatewayQuestion): Promise<FoundGateway> => {
    const orgId = organizationToRead(principal, asked);
    if (word.length > LONGEST || !isStorableText(word)) throw missing();
    const named = await gateways(db).named(orgId, word);
    const [best] = named;
    if (!best || !(best.isId || byName)) throw missing();
    const alike = named.filter(({ isId }) => isId === best.isId);
    const ours = alike.filter((gateway) => gateway.orgId === DEFAULT_ORG);
    const [found, other] = ours.length ? ours : alike;
    if (other) throw other.orgId === found!.orgId ? severalOfThisName() : severalHaveIt();
    const { isId: _, ...gateway } = found!;
    return gateway;
  };

const missing = (): Failure => new Failure('not_found', 'Gateway not found');

const severalOfThisName = (): Failure =>
  new Failure('bad_request', 'Several gateways have this name: say which by its id.', {
    details: [{ field: 'entity', message: 'is the name of several gateways: give the id of one' }],
  });

const severalHaveIt = (): Failure =>
  new Failure('bad_request', 'Several organizations have this gateway: say which by org_id.', {
    details: [{ field: 'org_id', message: 'is required: several organizations have this gateway' }],
  });
