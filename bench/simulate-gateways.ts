// The remote side of bench/monitoring.ts: thousands of gateways, each an address of 127.0.0.0/8 on one UDP
// port. Responds to every OPTIONS with 200 and records the gaps between the probes of each gateway.
import { createSocket } from 'node:dgram';

const ECHOED_HEADERS = /^(?:Via|From|To|Call-ID|CSeq):.*\r\n/gim;
const HOST = /^OPTIONS sip:([\d.]+)/;

const lastProbeAt = new Map<string, number>();
let gaps: number[] = [];

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (bytes, from) => {
  const now = performance.now();
  const message = bytes.toString('latin1');
  const echoed = message.match(ECHOED_HEADERS) ?? [];
  socket.send(`SIP/2.0 200 OK\r\n${echoed.join('')}Content-Length: 0\r\n\r\n`, from.port, from.address);
  const host = HOST.exec(message)?.[1];
  if (!host) return;
  const before = lastProbeAt.get(host);
  if (before !== undefined) gaps.push(now - before);
  lastProbeAt.set(host, now);
});
socket.bind(0, '0.0.0.0', () => process.send?.(socket.address().port));

process.on('message', (message) => {
  // The median gap, rounded to a whole second, is the interval.
  const interval = Math.round((gaps[Math.floor(gaps.length / 2)] ?? 0) / 1_000) * 1_000;
  const late = gaps.map((gap) => gap - interval).sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  process.send?.({ count: late.length, p50: at(0.5), p99: at(0.99), max: at(1), min: at(0) });
  if (message === 'reset') gaps = [];
});
process.on('disconnect', () => process.exit());
