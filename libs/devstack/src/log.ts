import type { Logger } from 'pino';

/** The methods of a logger that this library uses. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;
