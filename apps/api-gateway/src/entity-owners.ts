import type { OwnersElsewhere } from '@oriontel/activity';
import { LARGEST_ID } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organizations, users } from '@oriontel/identity';
import { extensions } from '@oriontel/pbx';
import { gateways } from '@oriontel/sip-gateways';

const DIGITS = /^[1-9]\d{0,9}$/;

/** Null where it is no number that a user or an organization could have. */
const idOf = (text: string): number | null =>
  DIGITS.test(text) && Number(text) <= LARGEST_ID ? Number(text) : null;

/** Whose the users, organizations, extensions and gateways are that logs are kept of. An extension goes by its id or its number. */
export const entityOwnersElsewhere = (db: Database): OwnersElsewhere => ({
  user: async (text) => {
    const id = idOf(text);
    const orgId = id === null ? undefined : await users(db).organizationOf(id);
    return orgId === undefined ? [] : [orgId];
  },
  org: async (text) => {
    const id = idOf(text);
    return id !== null && (await organizations(db).exists(id)) ? [id] : [];
  },
  extension: (text) => extensions(db).organizationsOf(text),
  gateway: (text) => gateways(db).organizationsOf(text),
});
