// The remote side of bench/probing.ts: responds to every OPTIONS with 200 from one UDP port.
import { createSocket } from 'node:dgram';

const ECHOED_HEADERS = /^(?:Via|From|To|Call-ID|CSeq):.*\r\n/gm;

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 * 1024 * 1024 });
socket.on('message', (bytes, from) => {
  const echoed = bytes.toString('latin1').match(ECHOED_HEADERS) ?? [];
  socket.send(`SIP/2.0 200 OK\r\n${echoed.join('')}Content-Length: 0\r\n\r\n`, from.port, from.address);
});
socket.bind(0, '127.0.0.1', () => process.send?.(socket.address().port));
process.on('disconnect', () => process.exit());
