/** The roles of the contract, the mightiest first. */
export const roles = ['admin', 'manager', 'user'] as const;
export type Role = (typeof roles)[number];

/** What an API key may do; a key may nothing else. */
export const scopes = [
  'cdr:write',
  'events:write',
  'logs:write',
  'gateways:write',
  'calls:write',
  'metrics:write',
] as const;
export type Scope = (typeof scopes)[number];

/** Who is asking. `orgId` null: a user whom no organization has taken in. */
export type Principal =
  | { kind: 'user'; id: number; role: Role; orgId: number | null; username: string; sessionId: string }
  | { kind: 'key'; id: string; orgId: number; scopes: Scope[]; name: string };

/** The largest id of a user or an organization: PostgreSQL's integer. */
export const MAX_ID = 2_147_483_647;

/** Organization 1, "Default", always exists; an admin's writes that name none go there. */
export const DEFAULT_ORG_ID = 1;
