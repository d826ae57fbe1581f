import type { Database } from '@oriontel/database';

/** Makes an organization and a user with ids of the caller's choice, where they are not there yet. */
export async function seedOrganization(
  db: Database,
  organization: { id: number; name: string; region: string },
  user: { id: number; username: string; name: string; email: string },
): Promise<void> {
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`
      INSERT INTO organizations (id, name, region) VALUES (${organization.id}::int, ${organization.name}, ${organization.region})
      ON CONFLICT DO NOTHING`;
    await tx.$executeRaw`
      INSERT INTO users (id, username, username_key, email, email_key, name, role, org_id)
      VALUES (${user.id}::int, ${user.username}, ${user.username}, ${user.email}, ${user.email}, ${user.name}, 'user', ${organization.id}::int)
      ON CONFLICT DO NOTHING`;
    // The next ids come after the chosen ones: the sequences do not know of them.
    await tx.$executeRaw`
      SELECT setval(pg_get_serial_sequence('organizations', 'id'), GREATEST((SELECT max(id) FROM organizations), 1)),
             setval(pg_get_serial_sequence('users', 'id'), GREATEST((SELECT max(id) FROM users), 1))`;
  });
}
