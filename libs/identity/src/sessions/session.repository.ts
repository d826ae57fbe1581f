import type { Queryable } from '@oriontel/database';

type Hash = Uint8Array<ArrayBuffer>;

/** The only file that speaks to the sessions table. */
export const sessions = (db: Queryable) => ({
  start: async (id: string, userId: number, refreshHash: Hash, expiresAt: Date): Promise<void> => {
    await db.session.create({ data: { id, userId, refreshHash, expiresAt }, select: { id: true } });
  },

  /** Exchanges the refresh token for the next; returns whose session it is, null where the old one is not good now. */
  rotate: async (
    id: string,
    { old, next, now, expiresAt }: { old: Hash; next: Hash; now: Date; expiresAt: Date },
  ): Promise<number | null> => {
    const [session] = await db.session.updateManyAndReturn({
      where: { id, refreshHash: old, expiresAt: { gt: now } },
      data: { refreshHash: next, expiresAt },
      select: { userId: true },
    });
    return session?.userId ?? null;
  },

  end: async (id: string): Promise<void> => {
    await db.session.deleteMany({ where: { id } });
  },

  /** All but `kept`. */
  endAllOf: async (userId: number, kept?: string): Promise<void> => {
    await db.session.deleteMany({ where: { userId, ...(kept && { id: { not: kept } }) } });
  },

  forgetExpired: async (userId: number, now: Date): Promise<void> => {
    await db.session.deleteMany({ where: { userId, expiresAt: { lte: now } } });
  },
});
