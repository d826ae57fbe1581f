import type { JsonObject } from '@oriontel/contracts';

const SECRET = /secret|passw|pin$|token|credential/i;
const MASK = '********';

/** The settings with the value of every member that is called like a secret hidden, at any depth. */
export const maskSecrets = (settings: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, SECRET.test(key) ? MASK : maskWithin(value)]),
  );

// Recursive: a JsonObject is not deep.
const maskWithin = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(maskWithin);
  return typeof value === 'object' && value !== null ? maskSecrets(value as JsonObject) : value;
};
