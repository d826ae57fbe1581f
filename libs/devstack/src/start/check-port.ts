import { tryPort } from '../process/choose-port.ts';

/**
 * Checks, before anything is started, that the gateway can listen. @throws Error with one line that says what
 * to do.
 */
export async function checkPort(port: number, host: string): Promise<void> {
  try {
    await tryPort(port, host);
  } catch (cause) {
    throw new Error(portErrorMessage(cause as NodeJS.ErrnoException, port, host), { cause });
  }
}

function portErrorMessage({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === 'EADDRINUSE')
    return `PORT ${port} is in use by another program. Choose another port: PORT=${port + 1} npm start`;
  if (code === 'EACCES')
    return `PORT ${port} requires privileges. Choose a port above 1023: PORT=8080 npm start`;
  return `HOST ${host} cannot be listened on: ${message}`;
}
