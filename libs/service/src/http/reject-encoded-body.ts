import { Failure } from '@oriontel/contracts';
import type { FastifyRequest } from 'fastify';

/**
 * Rejects compressed bodies: a small one may decompress beyond every limit.
 * @throws Failure unsupported_media_type
 */
export async function rejectEncodedBody(request: FastifyRequest): Promise<void> {
  const encoding = request.headers['content-encoding'];
  if (!encoding || encoding.toLowerCase() === 'identity' || request.is404) return;
  throw new Failure(
    'unsupported_media_type',
    `Content-Encoding ${encoding} is not supported: send the body uncompressed.`,
  );
}
