import type { JsonObject } from '@oriontel/contracts';

const SECRET_KEY_PATTERN = /secret|passw|pin$|token|credential/i;
const MASK = '********';

/** The settings with the value of every member that is called like a secret hidden, at any depth. */
export function maskSecrets(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      SECRET_KEY_PATTERN.test(key) ? MASK : maskNested(value),
    ]),
  );
}

// Recursive: a JsonObject is not deep.
function maskNested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskNested);
  return typeof value === 'object' && value !== null ? maskSecrets(value as JsonObject) : value;
}
