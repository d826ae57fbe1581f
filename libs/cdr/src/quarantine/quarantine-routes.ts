import { Failure } from '@oriontel/contracts';
import type { Database } from '@oriontel/database';
import { quarantine, type Pointers } from '@oriontel/intake';
import type { Producer } from '@oriontel/queues';
import {
  createDownloadSlots,
  envelope,
  Enveloped,
  organizationToRead,
  sendDownload,
  type Access,
  type HttpServer,
} from '@oriontel/service';
import { z } from 'zod';
import { cdrIntake } from '../parse/cdr-intake.ts';
import { listQuarantine, QuarantineQuery } from './list-quarantine.ts';
import {
  MAX_INLINE_BYTES,
  presentQuarantined,
  QuarantinedCdr,
  QuarantinedCdrEntry,
} from './quarantined-cdr.ts';
import { redriveCdr } from './redrive-cdr.ts';

export interface QuarantineRoutes {
  db: Database;
  /** Dispatches retried CDRs to the workers. */
  cdrJobs: Pick<Producer<Pointers>, 'add'>;
}

const QUEUE = cdrIntake.queue.name;
const writers: Access = { roles: ['admin', 'manager'] };
const params = z.object({ id: z.string() });

const Redriven = z
  .object({
    batch_id: z.string().meta({ description: 'GET /cdr/{index} returns its status' }),
    state: z.literal('accepted'),
  })
  .meta({ id: 'RedrivenCdr', examples: [{ batch_id: 'batch001', state: 'accepted' }] });

const noSuchItem = () => new Failure('not_found', 'No such CDR is in quarantine.');

/** @throws Failure not_found if `text` is not a UUID */
function parseId(text: string): string {
  const id = z.guid().safeParse(text.toLowerCase());
  if (!id.success) throw noSuchItem();
  return id.data;
}

const PART_CHARS = 256 * 1024;

function* splitText(text: string): Generator<string> {
  for (let start = 0; start < text.length; start += PART_CHARS) yield text.slice(start, start + PART_CHARS);
}

/** Listing, retrying and discarding quarantined CDRs. */
export async function quarantineRoutes(app: HttpServer, { db, cdrJobs }: QuarantineRoutes): Promise<void> {
  const list = listQuarantine(db);
  const redrive = redriveCdr(db, cdrJobs);
  const acquireSlot = createDownloadSlots({ maxTotal: 4, maxPerOrg: 1 });

  async function readContent(orgId: number | null, id: string): Promise<string> {
    const content = await quarantine(db.$sql).findContent(QUEUE, orgId, id);
    if (content === null) throw noSuchItem();
    return content;
  }

  app.route({
    method: 'GET',
    url: '/cdrs/quarantine',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'List quarantined CDRs',
      querystring: QuarantineQuery,
      response: { 200: Enveloped(z.array(QuarantinedCdrEntry)) },
    },
    async handler({ query, principal }) {
      const { items, nextCursor } = await list(organizationToRead(principal, query.org_id), query);
      return envelope(items, { next_cursor: nextCursor });
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/quarantine/:id',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Get a quarantined CDR',
      params,
      response: { 200: Enveloped(QuarantinedCdr) },
    },
    async handler({ params, principal }) {
      const orgId = organizationToRead(principal);
      const item = await quarantine(db).find(QUEUE, orgId, parseId(params.id), {
        maxBytes: MAX_INLINE_BYTES,
      });
      if (!item) throw noSuchItem();
      return envelope(presentQuarantined(item));
    },
  });

  app.route({
    method: 'GET',
    url: '/cdrs/quarantine/:id/content',
    config: { family: 'oriontel', access: 'signed-in', limit: 'cdr', produces: ['application/x-ndjson'] },
    schema: {
      tags: ['CDRs'],
      summary: 'Download the content of a quarantined CDR',
      description: 'The submission with `records` (platform) or `body` (freeswitch) as sent.',
      params,
    },
    async handler({ params, principal }, reply) {
      const orgId = organizationToRead(principal);
      const id = parseId(params.id);
      const releaseSlot = acquireSlot(orgId);
      const content = await readContent(orgId, id).catch((error: unknown) => {
        releaseSlot();
        throw error;
      });
      // One line: the content is one JSON object.
      void reply.type('application/x-ndjson');
      return sendDownload(reply, { parts: splitText(content), onEnd: releaseSlot });
    },
  });

  app.route({
    method: 'POST',
    url: '/cdrs/quarantine/:id/redrive',
    config: { family: 'oriontel', access: writers, limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Retry a quarantined CDR',
      params,
      response: { 200: Enveloped(Redriven) },
    },
    async handler({ params, principal }) {
      const { batchId } = await redrive(organizationToRead(principal), parseId(params.id));
      return envelope({ batch_id: batchId, state: 'accepted' as const });
    },
  });

  app.route({
    method: 'DELETE',
    url: '/cdrs/quarantine/:id',
    config: { family: 'oriontel', access: writers, limit: 'cdr' },
    schema: {
      tags: ['CDRs'],
      summary: 'Discard a quarantined CDR',
      params,
      response: { 204: z.undefined() },
    },
    async handler({ params, principal, log }, reply) {
      const id = parseId(params.id);
      if (!(await quarantine(db).remove(QUEUE, organizationToRead(principal), id))) throw noSuchItem();
      log.info({ id, by: principal.id }, 'quarantined CDR discarded');
      return reply.code(204).send();
    },
  });
}
