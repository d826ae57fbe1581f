export { demoOrganization } from './demo-organization.ts';
export { openAuthentication } from './authenticate.ts';
export { organizations } from './organizations/organization.repository.ts';
export { openTokens, type Tokens } from './sessions/tokens.ts';
export { openPasswords, type Passwords } from './users/password.ts';
export { emailsOf } from './users/emails-of.ts';
export { users } from './users/user.repository.ts';
export { ensureAdmin } from './users/register-user.ts';
