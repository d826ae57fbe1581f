import { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';

/** A client that reads nothing for so long loses its download, and with it its slot. */
const IDLE_TIMEOUT_MS = 60_000;

export interface Download {
  /** Each part is read when the client has taken the previous ones. */
  parts: Iterable<string> | AsyncIterable<string>;
  /** Called once, when the download has ended, failed, or was given up by the client. */
  onEnd: () => void;
  /**
   * Ends a download whose client reads nothing.
   * @default 60000
   */
  idleTimeoutMs?: number;
}

/** Sends text part by part. A failure cuts the connection: a truncated file must not look complete. */
export function sendDownload(
  reply: FastifyReply,
  { parts, onEnd, idleTimeoutMs = IDLE_TIMEOUT_MS }: Download,
): FastifyReply {
  reply.raw.setTimeout(idleTimeoutMs, () => reply.raw.destroy());
  return reply.send(Readable.from(parts).once('close', onEnd));
}
