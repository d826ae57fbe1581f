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
  /** Whether the certificate must be valid for the target's host. */
  tlsVerify: boolean;
  /** PEM of certificate authorities, in place of the default ones. */
  tlsCa?: string | undefined;
}

/** Pending data is flushed for this long when a connection is closed. */
const CLOSE_TIMEOUT_MS = 1_000;

/**
 * Sends OPTIONS over a new TCP or TLS connection, closed after the response: connecting is part of the probe.
 */
export function createStreamExchanger(options: StreamOptions): Exchanger {
  return async function exchangeOverStream(exchange) {
    exchange.signal.throwIfAborted();
    const { outcome, cleanUp } = startExchange(exchange, options);
    let isAnswered = false;
    try {
      const settled = await outcome;
      isAnswered = settled.kind === 'answered';
      return settled;
    } finally {
      cleanUp(isAnswered);
    }
  };
}

function startExchange(exchange: Exchange, options: StreamOptions) {
  const { timeoutMs, signal } = exchange;
  const { promise: outcome, resolve, reject } = withResolvers<Outcome>();
  const startedAt = performance.now();
  let transaction: ClientTransaction | undefined;

  const socket = connect(exchange, options, () => {
    clearTimeout(connectTimer);
    const leftMs = timeoutMs - (performance.now() - startedAt);
    transaction = sendRequest(socket, exchange, options, leftMs, resolve);
  });
  const connectTimer = setTimeout(
    () => resolve({ kind: 'timeout', after: 'connection', sent: 0 }),
    timeoutMs,
  );

  function fail(error: unknown): void {
    if (transaction) transaction.fail(error);
    else resolve({ kind: 'failed', error, sent: 0 });
  }
  socket.on('error', fail);
  socket.on('close', () => fail(new ProbeFailure('closed', 'It closed the connection before an answer.')));
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });

  function cleanUp(isAnswered: boolean): void {
    clearTimeout(connectTimer);
    signal.removeEventListener('abort', onAbort);
    transaction?.cancel();
    closeSocket(socket, isAnswered);
  }
  return { outcome, cleanUp };
}

/** Promise.withResolvers of ES2024. */
function withResolvers<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/** Calls `onReady` when a request may be sent. */
function connect({ target, endpoint }: Exchange, options: StreamOptions, onReady: () => void): Socket {
  const { address: host, port } = endpoint;
  if (target.transport !== 'tls') return connectTcp({ host, port, noDelay: true }, onReady);
  // RFC 5922, 7.1: the certificate is checked against the requested domain, wherever SRV points.
  const servername = isIP(target.host) ? undefined : target.host;
  const { tlsVerify: rejectUnauthorized, tlsCa: ca } = options;
  return connectTls({ host, port, servername, rejectUnauthorized, ca }, onReady);
}

function sendRequest(
  socket: Socket,
  { target }: Exchange,
  { userAgent, dropped }: StreamOptions,
  timeoutMs: number,
  onOutcome: (outcome: Outcome) => void,
): ClientTransaction {
  const ids = createOptionsIds();
  const local = { address: socket.localAddress!, port: socket.localPort! };
  const writeCopy = writeOptionsRequest({ ...ids, target, local, userAgent });
  const transaction = startTransaction({
    reliable: true,
    timeoutMs,
    send: (copy) => socket.write(writeCopy(copy)),
    onOutcome,
  });
  socket.on('data', createResponseReader(transaction, { ...ids, local }, dropped));
  return transaction;
}

/** Passes matching responses to the transaction; the first malformed message fails it. */
function createResponseReader(
  transaction: ClientTransaction,
  request: PendingRequest,
  dropped: DroppedCounts,
) {
  const framer = createFramer();
  function refuse(problem: string): void {
    dropped.malformed += 1;
    const reason = `It answered with something that is not SIP: ${problem}.`;
    transaction.fail(new ProbeFailure('malformed', reason));
  }
  return function readChunk(chunk: Buffer): void {
    const messages = framer.push(chunk);
    if (!messages.ok) return refuse(messages.problem);
    for (const message of messages.value) {
      // The gateway may send requests of its own on this connection: they are ignored.
      if (!/^SIP\//i.test(message.toString('latin1', 0, 4))) {
        dropped.unmatched += 1;
        continue;
      }
      const response = parseResponse(message);
      if (!response.ok) return refuse(response.problem);
      const copy = matchResponse(response.value, request);
      if (copy === undefined) dropped.unmatched += 1;
      else transaction.receive(response.value, copy);
    }
  };
}

/** Closes gracefully after a response; else there is nothing to flush. */
function closeSocket(socket: Socket, isAnswered: boolean): void {
  socket.removeAllListeners('data').pause();
  if (!isAnswered) return void socket.destroy();
  const timer = setTimeout(() => socket.destroy(), CLOSE_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(timer)).destroySoon();
}
