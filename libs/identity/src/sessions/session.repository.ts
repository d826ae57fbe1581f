import type { ModelQueryable } from '@oriontel/database';

type Hash = Uint8Array<ArrayBuffer>;

export interface NewSession {
  id: string;
  userId: number;
  refreshId: string;
  refreshHash: Hash;
  expiresAt: Date;
}

/** Repository of the sessions table. */
export function sessions(db: ModelQueryable) {
  return {
    async start(session: NewSession): Promise<void> {
      await db.session.create({ data: session, select: { id: true } });
    },

    /**
     * Replaces the refresh token hash `old` by `next`. Returns null if `old` is not the current one or has
     * expired.
     */
    async rotate(
      refreshId: string,
      { old, next, now, expiresAt }: { old: Hash; next: Hash; now: Date; expiresAt: Date },
    ): Promise<{ id: string; userId: number } | null> {
      const [session] = await db.session.updateManyAndReturn({
        where: { refreshId, refreshHash: old, expiresAt: { gt: now } },
        data: { refreshHash: next, expiresAt },
        select: { id: true, userId: true },
      });
      return session ?? null;
    },

    async end(id: string): Promise<void> {
      await db.session.deleteMany({ where: { id } });
    },

    async endByRefreshId(refreshId: string): Promise<void> {
      await db.session.deleteMany({ where: { refreshId } });
    },

    /** Ends every session of the user except `keptId`. */
    async endAllForUser(userId: number, keptId?: string): Promise<void> {
      await db.session.deleteMany({ where: { userId, ...(keptId && { id: { not: keptId } }) } });
    },

    async deleteExpired(userId: number, now: Date): Promise<void> {
      await db.session.deleteMany({ where: { userId, expiresAt: { lte: now } } });
    },
  };
}
