import { tryPort } from '../process/choose-port.ts';

/** Before anything is started: a stack that finds out at the end has kept its user waiting for nothing. */
export async function checkPort(port: number, host: string): Promise<void> {
  try {
    await tryPort(port, host);
  } catch (cause) {
    throw new Error(portErrorMessage(cause as NodeJS.ErrnoException, port, host), { cause });
  }
}

function portErrorMessage({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  if (code === 'EADDRINUSE')
    return `PORT ${port} is taken by another program. Choose another: PORT=${port + 1} npm start`;
  if (code === 'EACCES')
    return `PORT ${port} is not for ordinary users. Choose one above 1023: PORT=8080 npm start`;
  return `HOST ${host} cannot be listened on: ${message}`;
}
