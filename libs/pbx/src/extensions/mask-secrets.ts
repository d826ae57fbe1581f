import type { JsonObject } from '@oriontel/contracts';

const SECRET_KEY_PATTERN = /secret|passw|pin$|token|credential/i;
const MASK = '********';

/**
 * A copy of the settings in which the value of every key that looks like a secret is masked, at any depth.
 */
export function maskSecrets(settings: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [
      key,
      SECRET_KEY_PATTERN.test(key) ? MASK : maskNested(value),
    ]),
  );
}

// The recursion is bounded: JsonObject limits the depth.
function maskNested(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskNested);
  return typeof value === 'object' && value !== null ? maskSecrets(value as JsonObject) : value;
}
