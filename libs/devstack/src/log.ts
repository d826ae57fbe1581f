import type { Logger } from 'pino';

/** What these files need of a logger; pino's own fits, and so does anything a test brings. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error'>;
