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

/** JSON lines on stdout. Names that hold secrets are cut out wherever they stand on the first three levels. */
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
