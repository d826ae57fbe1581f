import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ProbeFailure } from '../classify-error.ts';
import { startTransaction, type ClientTransaction, type Outcome } from '../client-transaction.ts';
import { parseResponse } from '../message/parse-response.ts';
import { createOptionsIds, writeOptionsRequest } from '../message/write-options-request.ts';
import type { DroppedCounts } from '../prober.ts';
import { matchResponse, type PendingRequest, type Exchange, type Exchanger } from './exchange.ts';
import { createLocalAddressLookup } from './create-local-address-lookup.ts';

/** Bytes the kernel keeps while the process is busy, as far as net.core.rmem_max lets it: some thousand answers. */
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** Places of which it is remembered that they sent rubbish. */
const MAX_MALFORMED_SENDERS = 1_000;

export interface UdpOptions {
  userAgent: string;
  dropped: DroppedCounts;
}

interface InFlightRequest extends PendingRequest {
  transaction: ClientTransaction;
}

function bind(type: 'udp4' | 'udp6', onMessage: (bytes: Buffer, from: RemoteInfo) => void): Promise<Socket> {
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

/** OPTIONS over UDP: one socket for IPv4 and one for IPv6, shared by all probes, opened when first needed. */
export function createUdpExchanger({ userAgent, dropped }: UdpOptions): {
  exchange: Exchanger;
  close: () => Promise<void>;
} {
  const underWay = new Map<string, InFlightRequest>();
  const sockets = new Map<'udp4' | 'udp6', Promise<Socket>>();
  const rubbish = new Map<string, number>();
  const routeTo = createLocalAddressLookup();

  function onRubbish({ address, port }: RemoteInfo): void {
    dropped.malformed += 1;
    const place = `${address} ${port}`;
    rubbish.delete(place);
    if (rubbish.size >= MAX_MALFORMED_SENDERS) rubbish.delete(rubbish.keys().next().value!);
    rubbish.set(place, performance.now());
  }
  function onMessage(bytes: Buffer, from: RemoteInfo): void {
    const response = parseResponse(bytes);
    if (!response.ok) return onRubbish(from);
    const asked = underWay.get(response.value.vias[0]?.params.get('branch') ?? '');
    const copy = asked && matchResponse(response.value, asked);
    if (copy === undefined) dropped.unmatched += 1;
    else asked!.transaction.receive(response.value, copy);
  }
  function socketFor(type: 'udp4' | 'udp6'): Promise<Socket> {
    const open = sockets.get(type);
    if (open) return open;
    const opening = bind(type, onMessage);
    // Without it the next probe opens another.
    const forget = () => sockets.get(type) === opening && sockets.delete(type);
    opening.then((socket) => socket.on('error', () => forget() && socket.close()), forget);
    sockets.set(type, opening);
    return opening;
  }

  /** Whoever answers with rubbish only is there, and does not speak SIP: one that also answers well was not waited for in vain. */
  function explain(outcome: Outcome, { endpoint }: Exchange, began: number): Outcome {
    const rubbishAt = rubbish.get(`${endpoint.address} ${endpoint.port}`);
    if (outcome.kind !== 'timeout' || rubbishAt === undefined || rubbishAt < began) return outcome;
    const error = new ProbeFailure('malformed', 'It answered with something that is not SIP.');
    return { kind: 'failed', error, sent: outcome.sent };
  }

  const exchange: Exchanger = async (wanted) => {
    const { target, endpoint, timeoutMs, signal } = wanted;
    const began = performance.now();
    let socket: Socket;
    let address: string;
    try {
      socket = await socketFor(isIPv6(endpoint.address) ? 'udp6' : 'udp4');
      address = await routeTo(endpoint.address);
    } catch (error) {
      return { kind: 'failed', error, sent: 0 };
    }
    signal.throwIfAborted();
    const ids = createOptionsIds();
    const local = { address, port: socket.address().port };
    const textOf = writeOptionsRequest({ ...ids, target, local, userAgent });
    let onAbort: () => void;
    return new Promise<Outcome>((resolve, reject) => {
      const transaction = startTransaction({
        reliable: false,
        timeoutMs,
        send(copy) {
          return socket.send(
            textOf(copy),
            endpoint.port,
            endpoint.address,
            (error) => error && transaction.fail(error),
          );
        },
        onOutcome: (outcome) => resolve(explain(outcome, wanted, began)),
      });
      underWay.set(ids.branch, { ...ids, local, transaction });
      onAbort = () => {
        transaction.cancel();
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    }).finally(() => {
      underWay.delete(ids.branch);
      signal.removeEventListener('abort', onAbort);
    });
  };

  return {
    exchange,
    async close(): Promise<void> {
      const opened = await Promise.allSettled(sockets.values());
      sockets.clear();
      for (const answer of opened) if (answer.status === 'fulfilled') answer.value.close();
    },
  };
}
