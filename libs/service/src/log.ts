import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const SECRET_FIELDS = [
  'authorization',
  'password',
  'token',
  'secret',
  'key',
  'refresh_token',
  'cookie',
  'set-cookie',
];

/** Logs JSON lines to stdout. Fields named like secrets are redacted on the first three levels. */
export function createLogger(name: string, level: string, destination?: DestinationStream): Logger {
  return pino(
    {
      name,
      level,
      redact: {
        paths: SECRET_FIELDS.flatMap((secret) => [`["${secret}"]`, `*["${secret}"]`, `*.*["${secret}"]`]),
        censor: '[redacted]',
      },
      serializers: { err: stdSerializers.errWithCause },
    },
    ...(destination ? [destination] : []),
  );
}
