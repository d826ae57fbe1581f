import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ProbeFailure } from '../classify-error.ts';
import { startTransaction, type ClientTransaction, type Outcome } from '../client-transaction.ts';
import { parseResponse } from '../message/parse-response.ts';
import { createOptionsIds, writeOptionsRequest } from '../message/write-options-request.ts';
import type { DroppedCounts } from '../prober.ts';
import { matchResponse, type PendingRequest, type Exchange, type Exchanger } from './exchange.ts';
import { createLocalAddressLookup } from './create-local-address-lookup.ts';

/**
 * Buffers thousands of responses while the event loop is blocked; the kernel caps it at net.core.rmem_max.
 */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** The latest senders of malformed messages that are remembered. */
const MAX_MALFORMED_SENDERS = 1_000;

export interface UdpOptions {
  userAgent: string;
  dropped: DroppedCounts;
}

type SocketType = 'udp4' | 'udp6';
type ReceiveMessage = (bytes: Buffer, from: RemoteInfo) => void;

interface InFlightRequest extends PendingRequest {
  transaction: ClientTransaction;
}

/** Sends OPTIONS over UDP: all probes share one socket per IP version, bound on first use. */
export function createUdpExchanger({ userAgent, dropped }: UdpOptions): {
  exchange: Exchanger;
  close: () => Promise<void>;
} {
  const inFlight = new Map<string, InFlightRequest>();
  const sockets = createSocketPool(receive);
  const malformedSenders = createMalformedSenders();
  const findLocalAddress = createLocalAddressLookup();

  function receive(bytes: Buffer, from: RemoteInfo): void {
    const response = parseResponse(bytes);
    if (!response.ok) {
      dropped.malformed += 1;
      malformedSenders.add(from);
      return;
    }
    const request = inFlight.get(response.value.vias[0]?.params.get('branch') ?? '');
    const copy = request && matchResponse(response.value, request);
    if (copy === undefined) dropped.unmatched += 1;
    else request!.transaction.receive(response.value, copy);
  }

  /** A timeout is `malformed` if the endpoint responded meanwhile, but not with SIP. */
  function explainTimeout(outcome: Outcome, { endpoint }: Exchange, startedAt: number): Outcome {
    if (outcome.kind !== 'timeout' || !malformedSenders.hasSince(endpoint, startedAt)) return outcome;
    const error = new ProbeFailure('malformed', 'It answered with something that is not SIP.');
    return { kind: 'failed', error, sent: outcome.sent };
  }

  function send(exchange: Exchange, socket: Socket, address: string, startedAt: number): Promise<Outcome> {
    const { target, endpoint, timeoutMs, signal } = exchange;
    const ids = createOptionsIds();
    const local = { address, port: socket.address().port };
    const writeCopy = writeOptionsRequest({ ...ids, target, local, userAgent });
    let onAbort: () => void;
    return new Promise<Outcome>((resolve, reject) => {
      const transaction = startTransaction({
        reliable: false,
        timeoutMs,
        send(copy) {
          socket.send(writeCopy(copy), endpoint.port, endpoint.address, (error) => {
            if (error) transaction.fail(error);
          });
        },
        onOutcome: (outcome) => resolve(explainTimeout(outcome, exchange, startedAt)),
      });
      inFlight.set(ids.branch, { ...ids, local, transaction });
      onAbort = () => {
        transaction.cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    }).finally(() => {
      inFlight.delete(ids.branch);
      signal.removeEventListener('abort', onAbort);
    });
  }

  return {
    async exchange(exchange) {
      const { address: remote } = exchange.endpoint;
      const startedAt = performance.now();
      let socket: Socket;
      let address: string;
      try {
        socket = await sockets.get(isIPv6(remote) ? 'udp6' : 'udp4');
        address = await findLocalAddress(remote);
      } catch (error) {
        return { kind: 'failed', error, sent: 0 };
      }
      exchange.signal.throwIfAborted();
      return send(exchange, socket, address, startedAt);
    },
    close: sockets.close,
  };
}

/** One socket per IP version. A socket that fails is replaced on the next use. */
function createSocketPool(onMessage: ReceiveMessage) {
  const sockets = new Map<SocketType, Promise<Socket>>();

  function open(type: SocketType): Promise<Socket> {
    const binding = bind(type, onMessage);
    function forget(): boolean {
      return sockets.get(type) === binding && sockets.delete(type);
    }
    binding.then((socket) => socket.on('error', () => forget() && socket.close()), forget);
    sockets.set(type, binding);
    return binding;
  }

  async function close(): Promise<void> {
    const settled = await Promise.allSettled(sockets.values());
    sockets.clear();
    for (const result of settled) if (result.status === 'fulfilled') result.value.close();
  }
  return { get: (type: SocketType) => sockets.get(type) ?? open(type), close };
}

function bind(type: SocketType, onMessage: ReceiveMessage): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: RECEIVE_BUFFER_BYTES });
    socket.once('error', reject);
    socket.on('message', onMessage);
    socket.bind(0, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });
}

/** When each address last sent a malformed message, of the MAX_MALFORMED_SENDERS latest. */
function createMalformedSenders() {
  const senders = new Map<string, number>();
  const keyOf = ({ address, port }: { address: string; port: number }): string => `${address} ${port}`;
  return {
    add(from: RemoteInfo): void {
      const key = keyOf(from);
      // Deleted first: a Map keeps the order of insertion.
      senders.delete(key);
      if (senders.size >= MAX_MALFORMED_SENDERS) senders.delete(senders.keys().next().value!);
      senders.set(key, performance.now());
    },
    hasSince(endpoint: { address: string; port: number }, since: number): boolean {
      const at = senders.get(keyOf(endpoint));
      return at !== undefined && at >= since;
    },
  };
}
