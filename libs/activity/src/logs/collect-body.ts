import type { Readable } from 'node:stream';
import { Failure } from '@oriontel/contracts';

const BLOCK_BYTES = 1024 * 1024;

/**
 * Reads a body into blocks that can be transferred to a thread. Blocks, because concatenating a large body
 * into one buffer would block the event loop.
 * @throws Failure too_large beyond `maxBytes`, bad_request if the connection closes
 */
export function collectBody(stream: Readable, maxBytes: number): Promise<Uint8Array<ArrayBuffer>[]> {
  return new Promise((resolve, reject) => {
    const collector = createBlockCollector();
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes <= maxBytes) return collector.add(chunk);
      // Discard the rest, so that the client finishes sending and reads the response.
      stream.removeAllListeners('data').resume();
      reject(bodyTooLarge(maxBytes));
    });
    stream.once('end', () => resolve(collector.finish()));
    stream.once('error', reject);
    stream.once('close', () =>
      reject(new Failure('bad_request', 'The connection closed before the end of the body.')),
    );
  });
}

/** Copies chunks into blocks of BLOCK_BYTES; the last block is shorter. */
function createBlockCollector() {
  const blocks: Uint8Array<ArrayBuffer>[] = [];
  let used = BLOCK_BYTES;

  function add(chunk: Uint8Array): void {
    for (let offset = 0; offset < chunk.byteLength;) {
      if (used === BLOCK_BYTES) {
        blocks.push(new Uint8Array(BLOCK_BYTES));
        used = 0;
      }
      const piece = chunk.subarray(offset, offset + BLOCK_BYTES - used);
      blocks.at(-1)!.set(piece, used);
      used += piece.byteLength;
      offset += piece.byteLength;
    }
  }

  function finish(): Uint8Array<ArrayBuffer>[] {
    const last = blocks.pop();
    return last ? [...blocks, last.slice(0, used)] : [];
  }

  return { add, finish };
}

export function bodyTooLarge(maxBytes: number): Failure {
  return new Failure('too_large', `The body is larger than ${maxBytes} bytes: send it in smaller parts.`);
}
