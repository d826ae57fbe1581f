import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { ProbeFailure } from '../error-word.ts';
import { startTransaction, type ClientTransaction, type Outcome } from '../client-transaction.ts';
import { readResponse } from '../message/read-response.ts';
import { newOptionsIds, writeOptions } from '../message/write-options.ts';
import type { DroppedCounts } from '../prober.ts';
import { copyAnswered, type Asked, type Exchange, type Exchanger } from './exchange.ts';
import { openRoutes } from './open-routes.ts';

/** Bytes the kernel keeps while the process is busy, as far as net.core.rmem_max lets it: some thousand answers. */
const RECEIVE_BUFFER = 4 * 1024 * 1024;
/** Places of which it is remembered that they sent rubbish. */
const RUBBISH_PLACES = 1_000;

export interface UdpOptions {
  userAgent: string;
  dropped: DroppedCounts;
}

interface UnderWay extends Asked {
  transaction: ClientTransaction;
}

const bind = (type: 'udp4' | 'udp6', onMessage: (bytes: Buffer, from: RemoteInfo) => void): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type, ipv6Only: type === 'udp6', recvBufferSize: RECEIVE_BUFFER });
    socket.once('error', reject);
    socket.on('message', onMessage);
    socket.bind(0, () => {
      socket.off('error', reject);
      resolve(socket);
    });
  });

/** OPTIONS over UDP: one socket for IPv4 and one for IPv6, shared by all probes, opened when first needed. */
export const openUdp = ({
  userAgent,
  dropped,
}: UdpOptions): { exchange: Exchanger; close: () => Promise<void> } => {
  const underWay = new Map<string, UnderWay>();
  const sockets = new Map<'udp4' | 'udp6', Promise<Socket>>();
  const rubbish = new Map<string, number>();
  const routeTo = openRoutes();

  const onRubbish = ({ address, port }: RemoteInfo): void => {
    dropped.malformed += 1;
    const place = `${address} ${port}`;
    rubbish.delete(place);
    if (rubbish.size >= RUBBISH_PLACES) rubbish.delete(rubbish.keys().next().value!);
    rubbish.set(place, performance.now());
  };
  const onMessage = (bytes: Buffer, from: RemoteInfo): void => {
    const response = readResponse(bytes);
    if (!response.ok) return onRubbish(from);
    const asked = underWay.get(response.value.vias[0]?.params.get('branch') ?? '');
    const copy = asked && copyAnswered(response.value, asked);
    if (copy === undefined) dropped.unmatched += 1;
    else asked!.transaction.receive(response.value, copy);
  };
  const socketFor = (type: 'udp4' | 'udp6'): Promise<Socket> => {
    const open = sockets.get(type);
    if (open) return open;
    const opening = bind(type, onMessage);
    // Without it the next probe opens another.
    const forget = () => sockets.get(type) === opening && sockets.delete(type);
    opening.then((socket) => socket.on('error', () => forget() && socket.close()), forget);
    sockets.set(type, opening);
    return opening;
  };

  /** Whoever answers with rubbish only is there, and does not speak SIP: one that also answers well was not waited for in vain. */
  const explain = (outcome: Outcome, { place }: Exchange, began: number): Outcome => {
    const rubbishAt = rubbish.get(`${place.address} ${place.port}`);
    if (outcome.kind !== 'timeout' || rubbishAt === undefined || rubbishAt < began) return outcome;
    const error = new ProbeFailure('malformed', 'It answered with something that is not SIP.');
    return { kind: 'failed', error, sent: outcome.sent };
  };

  const exchange: Exchanger = async (wanted) => {
    const { target, place, timeoutMs, signal } = wanted;
    const began = performance.now();
    let socket: Socket;
    let address: string;
    try {
      socket = await socketFor(isIPv6(place.address) ? 'udp6' : 'udp4');
      address = await routeTo(place.address);
    } catch (error) {
      return { kind: 'failed', error, sent: 0 };
    }
    signal.throwIfAborted();
    const ids = newOptionsIds();
    const local = { address, port: socket.address().port };
    const textOf = writeOptions({ ...ids, target, local, userAgent });
    let onAbort: () => void;
    return new Promise<Outcome>((resolve, reject) => {
      const transaction = startTransaction({
        reliable: false,
        timeoutMs,
        send: (copy) =>
          socket.send(textOf(copy), place.port, place.address, (error) => error && transaction.fail(error)),
        done: (outcome) => resolve(explain(outcome, wanted, began)),
      });
      underWay.set(ids.branch, { ...ids, local, transaction });
      onAbort = () => {
        transaction.abandon();
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
    close: async (): Promise<void> => {
      const opened = await Promise.allSettled(sockets.values());
      sockets.clear();
      for (const answer of opened) if (answer.status === 'fulfilled') answer.value.close();
    },
  };
};
