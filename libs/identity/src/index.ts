export { demoOrganization } from './demo-organization.ts';
export { openAuthentication } from './authenticate.ts';
export { organizations } from './organization.repository.ts';
export { openPasswords, type Passwords } from './password.ts';
export { ensureAdmin } from './register-user.ts';
export { openTokens, type Tokens } from './tokens.ts';
