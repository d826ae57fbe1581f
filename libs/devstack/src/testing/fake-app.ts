import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A minimal app: ready at once, exits on SIGTERM and when its supervisor has ended. */
const FAKE_APP_SOURCE = `
import { createServer } from 'node:http';
const { ADMIN_PORT, PORT, IGNORE_SIGTERM, EXIT_AT_ONCE } = process.env;
if (EXIT_AT_ONCE) process.exit(3);
const respond = (request, response) => {
  if (request.url === '/crash') process.exit(1);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  response.end(String(process.pid));
};
for (const port of [ADMIN_PORT, PORT]) if (port) createServer(respond).listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => {
  console.log(JSON.stringify({ level: 30, time: Date.now(), msg: 'asked to stop' }));
  if (!IGNORE_SIGTERM) process.exit(0);
});
process.on('disconnect', () => process.exit(0));
// The supervisor may have ended while this file was loading.
if (process.connected === false) process.exit(0);
console.log(JSON.stringify({ level: 30, time: Date.now(), msg: 'app is up' }));
console.log('a plain line');
`;

export async function writeFakeApp(file: string): Promise<string> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, FAKE_APP_SOURCE);
  return file;
}
