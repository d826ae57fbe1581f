import type { Queryable } from '@oriontel/database';
import { envelope, Enveloped, organizationToRead, type Access, type HttpServer } from '@oriontel/service';
import { z } from 'zod';
import { ForwardingQuery, ForwardingStatus, forwardingStatus } from './forwarding-status.ts';
import { forwardingNotFound, redriveDeadLetter } from './redrive-dead-letter.ts';

const access: Access = { roles: ['admin', 'manager'] };

const Redriven = z.object({ id: z.string(), state: z.literal('pending') }).meta({
  id: 'RedrivenLetter',
  examples: [{ id: '019b1a2b-3c4d-7e5f-8a6b-7c8d9e0f1a2b', state: 'pending' }],
});

/** The status of forwarding, and its dead letters. */
export async function forwardRoutes(app: HttpServer, { db }: { db: Queryable }): Promise<void> {
  const readStatus = forwardingStatus(db);
  const redrive = redriveDeadLetter(db);

  app.route({
    method: 'GET',
    url: '/cdrs/forwarding',
    config: { family: 'oriontel', access, limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Get the status of forwarding to the remote Service Gateway',
      querystring: ForwardingQuery,
      response: { 200: Enveloped(ForwardingStatus) },
    },
    async handler({ query, principal }) {
      const { status, nextCursor } = await readStatus(organizationToRead(principal, query.org_id), query);
      return envelope(status, { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'POST',
    url: '/cdrs/forwarding/:id/redrive',
    config: { family: 'oriontel', access, limit: 'cdr', errors: ['conflict'] },
    schema: {
      tags: ['CDRs'],
      summary: 'Redrive a dead letter',
      params: z.object({ id: z.string() }),
      response: { 200: Enveloped(Redriven) },
    },
    async handler({ params, principal }) {
      const id = z.guid().safeParse(params.id.toLowerCase());
      if (!id.success) throw forwardingNotFound();
      await redrive(organizationToRead(principal), id.data);
      return envelope({ id: id.data, state: 'pending' as const });
    },
  });
}
