import type { ExternalEntityOwners } from '@oriontel/activity';
import { MAX_ID } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organizations, users } from '@oriontel/identity';
import { extensions } from '@oriontel/pbx';
import { gateways } from '@oriontel/sip-gateways';

const DIGITS = /^[1-9]\d{0,9}$/;

/** Null where it is no number that a user or an organization could have. */
function parseId(text: string): number | null {
  return DIGITS.test(text) && Number(text) <= MAX_ID ? Number(text) : null;
}

/** Whose the users, organizations, extensions and gateways are that logs are kept of. An extension goes by its id or its number. */
export function externalEntityOwners(db: Database): ExternalEntityOwners {
  return {
    async user(text) {
      const id = parseId(text);
      const orgId = id === null ? undefined : await users(db).findOrganizationId(id);
      return orgId === undefined ? [] : [orgId];
    },
    async org(text) {
      const id = parseId(text);
      return id !== null && (await organizations(db).exists(id)) ? [id] : [];
    },
    extension: (text) => extensions(db).findOrganizationIds(text),
    gateway: (text) => gateways(db).organizationsOf(text),
  };
}
