import type { Readable } from 'node:stream';
import { Failure } from '@oriontel/contracts';

/** Bytes of a block. */
const BLOCK_BYTES = 1024 * 1024;

/**
 * Reads a body into blocks that can be handed to a thread. Not into one buffer: to put that together takes long when it is large.
 * @throws Failure too_large beyond `limit` bytes
 */
export function collectBody(stream: Readable, limit: number): Promise<Uint8Array<ArrayBuffer>[]> {
  return new Promise((resolve, reject) => {
    const blocks: Uint8Array<ArrayBuffer>[] = [];
    let used = BLOCK_BYTES;
    let total = 0;
    function add(chunk: Uint8Array): void {
      for (let at = 0; at < chunk.byteLength;) {
        if (used === BLOCK_BYTES) {
          blocks.push(new Uint8Array(BLOCK_BYTES));
          used = 0;
        }
        const piece = chunk.subarray(at, at + BLOCK_BYTES - used);
        blocks.at(-1)!.set(piece, used);
        used += piece.byteLength;
        at += piece.byteLength;
      }
    }
    stream.on('data', (chunk: Buffer) => {
      total += chunk.byteLength;
      if (total <= limit) return add(chunk);
      // What comes still is let pass, so that the answer is read.
      stream.removeAllListeners('data').resume();
      reject(tooLarge(limit));
    });
    stream.once('end', () => {
      const last = blocks.pop();
      resolve(last ? [...blocks, last.slice(0, used)] : []);
    });
    stream.once('error', reject);
    stream.once('close', () => reject(new Failure('bad_request', 'The body ended before its end.')));
  });
}

export function tooLarge(limit: number): Failure {
  return new Failure('too_large', `The body is larger than ${limit} bytes: send it in smaller parts.`);
}
