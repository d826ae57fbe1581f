// The other side of bench/probing.ts: answers every OPTIONS with 200 from one UDP port, as fast as one process can.
import { createSocket } from 'node:dgram';

const ECHOED_HEADERS = /^(?:Via|From|To|Call-ID|CSeq):.*\r\n/gm;

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (bytes, from) => {
  const repeated = bytes.toString('latin1').match(ECHOED_HEADERS) ?? [];
  socket.send(`SIP/2.0 200 OK\r\n${repeated.join('')}Content-Length: 0\r\n\r\n`, from.port, from.address);
});
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
process.on('disconnect', () => process.exit());
