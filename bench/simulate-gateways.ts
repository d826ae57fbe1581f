// The other side of bench/monitoring.ts: thousands of gateways, each an address of 127.0.0.0/8 on one UDP port. Answers every OPTIONS
// with 200 and notes by how much the time since the one before differs from what most of them have.
import { createSocket } from 'node:dgram';

const ECHOED_HEADERS = /^(?:Via|From|To|Call-ID|CSeq):.*\r\n/gim;
const HOST = /^OPTIONS sip:([\d.]+)/;

const last = new Map<string, number>();
let gaps: number[] = [];

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (bytes, from) => {
  const now = performance.now();
  const message = bytes.toString('latin1');
  const repeated = message.match(ECHOED_HEADERS) ?? [];
  socket.send(`SIP/2.0 200 OK\r\n${repeated.join('')}Content-Length: 0\r\n\r\n`, from.port, from.address);
  const host = HOST.exec(message)?.[1];
  if (!host) return;
  const before = last.get(host);
  if (before !== undefined) gaps.push(now - before);
  last.set(host, now);
});
socket.bind(0, '0.0.0.0', () => process.send?.(socket.address().port));

process.on('message', (about) => {
  // In whole seconds: the interval.
  const interval = Math.round((gaps[Math.floor(gaps.length / 2)] ?? 0) / 1_000) * 1_000;
  const late = gaps.map((gap) => gap - interval).sort((a, b) => a - b);
  const at = (share: number): number => late[Math.min(late.length - 1, Math.floor(late.length * share))] ?? 0;
  process.send?.({ count: late.length, p50: at(0.5), p99: at(0.99), most: at(1), least: at(0) });
  if (about === 'reset') gaps = [];
});
process.on('disconnect', () => process.exit());
