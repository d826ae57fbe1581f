import type { ExternalEntityOwners } from '@oriontel/activity';
import { MAX_ID } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { organizations, users } from '@oriontel/identity';
import { extensions } from '@oriontel/pbx';
import { gateways } from '@oriontel/sip-gateways';

const DIGITS = /^[1-9]\d{0,9}$/;

/** The id of a user or organization; null if the text is not a valid id. */
function parseId(text: string): number | null {
  return DIGITS.test(text) && Number(text) <= MAX_ID ? Number(text) : null;
}

/** Finds the organizations of users, organizations, extensions (by id or number) and gateways. */
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
