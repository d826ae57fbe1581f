/** Roles, from most to least privileged. */
export const roles = ['admin', 'manager', 'user'] as const;
export type Role = (typeof roles)[number];

/** Permissions of an API key. */
export const scopes = [
  'cdr:write',
  'events:write',
  'logs:write',
  'gateways:write',
  'calls:write',
  'metrics:write',
] as const;
export type Scope = (typeof scopes)[number];

/** The authenticated user or API key. `orgId` null: a user without an organization. */
export type Principal =
  | { kind: 'user'; id: number; role: Role; orgId: number | null; username: string; sessionId: string }
  | { kind: 'key'; id: string; orgId: number; scopes: Scope[]; name: string };

/** The largest id of a user or an organization: the maximum of PostgreSQL's integer type. */
export const MAX_ID = 2_147_483_647;

/** The organization "Default" always exists; an admin's writes without an organization go there. */
export const DEFAULT_ORG_ID = 1;
