import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { startTransaction, type ClientTransaction, type Outcome } from '../client-transaction.ts';
import { ProbeFailure } from '../classify-error.ts';
import { createFramer } from '../message/create-framer.ts';
import { parseResponse } from '../message/parse-response.ts';
import { createOptionsIds, writeOptionsRequest } from '../message/write-options-request.ts';
import type { DroppedCounts } from '../prober.ts';
import { matchResponse, type PendingRequest, type Exchange, type Exchanger } from './exchange.ts';

export interface StreamOptions {
  userAgent: string;
  dropped: DroppedCounts;
  /** Whether a certificate must be good and be that of the target's host. */
  tlsVerify: boolean;
  /** PEM, in place of the usual certificate authorities. */
  tlsCa?: string | undefined;
}

function malformed(problem: string): ProbeFailure {
  return new ProbeFailure('malformed', `It answered with something that is not SIP: ${problem}.`);
}

/** Calls `onReady` when a request may be sent. */
function connect({ target, endpoint }: Exchange, options: StreamOptions, onReady: () => void): Socket {
  const { address: host, port } = endpoint;
  if (target.transport !== 'tls') return connectTcp({ host, port, noDelay: true }, onReady);
  // RFC 5922, 7.1: the certificate is that of the domain that was asked for, wherever SRV points.
  const servername = isIP(target.host) ? undefined : target.host;
  const { tlsVerify: rejectUnauthorized, tlsCa: ca } = options;
  return connectTls({ host, port, servername, rejectUnauthorized, ca }, onReady);
}

/** Hands on what comes as long as it is SIP; the first that is not ends the transaction. */
function createResponseReader(transaction: ClientTransaction, asked: PendingRequest, dropped: DroppedCounts) {
  const framer = createFramer();
  function refuse(problem: string): void {
    dropped.malformed += 1;
    transaction.fail(malformed(problem));
  }
  return function readChunk(chunk: Buffer): void {
    const messages = framer.push(chunk);
    if (!messages.ok) return refuse(messages.problem);
    for (const message of messages.value) {
      // It may ask us something on its own connection; that is no answer, and no fault.
      if (!/^SIP\//i.test(message.toString('latin1', 0, 4))) {
        dropped.unmatched += 1;
        continue;
      }
      const response = parseResponse(message);
      if (!response.ok) return refuse(response.problem);
      const copy = matchResponse(response.value, asked);
      if (copy === undefined) dropped.unmatched += 1;
      else transaction.receive(response.value, copy);
    }
  };
}

/** Milliseconds in which what we say last is sent. */
const CLOSE_TIMEOUT_MS = 1_000;

function closeSocket(socket: Socket, answered: boolean): void {
  socket.removeAllListeners('data').pause();
  // While it is not connected there is nobody to say goodbye to.
  if (!answered) return void socket.destroy();
  const end = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(end)).destroySoon();
}

/** OPTIONS over a connection of its own, which is closed after the answer: that one can be opened is part of what is probed. */
export function createStreamExchanger(options: StreamOptions): Exchanger {
  const { userAgent, dropped } = options;
  return async function exchangeOverStream(wanted) {
    const { target, timeoutMs, signal } = wanted;
    signal.throwIfAborted();
    const began = performance.now();
    let cleanUp: (answered: boolean) => void;
    return new Promise<Outcome>((resolve, reject) => {
      let transaction: ClientTransaction | undefined;
      const socket = connect(wanted, options, () => {
        clearTimeout(connecting);
        const ids = createOptionsIds();
        const local = { address: socket.localAddress!, port: socket.localPort! };
        const textOf = writeOptionsRequest({ ...ids, target, local, userAgent });
        transaction = startTransaction({
          reliable: true,
          timeoutMs: timeoutMs - (performance.now() - began),
          send: (copy) => socket.write(textOf(copy)),
          onOutcome: resolve,
        });
        socket.on('data', createResponseReader(transaction, { ...ids, local }, dropped));
      });
      const connecting = setTimeout(
        () => resolve({ kind: 'timeout', after: 'connection', sent: 0 }),
        timeoutMs,
      );
      function fail(error: unknown): void {
        transaction ? transaction.fail(error) : resolve({ kind: 'failed', error, sent: 0 });
      }
      socket.on('error', fail);
      socket.on('close', () =>
        fail(new ProbeFailure('closed', 'It closed the connection before an answer.')),
      );
      const onAbort = (): void => reject(signal.reason as Error);
      signal.addEventListener('abort', onAbort, { once: true });
      cleanUp = (answered) => {
        clearTimeout(connecting);
        signal.removeEventListener('abort', onAbort);
        transaction?.cancel();
        closeSocket(socket, answered);
      };
    }).then(
      (outcome) => {
        cleanUp(outcome.kind === 'answered');
        return outcome;
      },
      (error: unknown) => {
        cleanUp(false);
        throw error;
      },
    );
  };
}
