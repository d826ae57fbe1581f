import type { OpenApi, Schema } from './openapi.ts';

const INPUT = 'Input';
const REF = '#/components/schemas/';
function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/**
 * Removes noise from the generated schemas: unused ones, the suffix `Input` where only the input variant is
 * used, the safe-integer bounds of integers, and the patterns of strings that have a format.
 */
export function tidySchemas(document: OpenApi): OpenApi {
  const schemas = document.components?.schemas ?? {};
  const used = referencedSchemas(document.paths, schemas);
  function nameOf(name: string): string {
    const plain = name.endsWith(INPUT) ? name.slice(0, -INPUT.length) : name;
    return plain === name || used.has(plain) ? name : plain;
  }
  const kept = Object.entries(schemas).filter(([name]) => used.has(name));
  const renamed = Object.fromEntries(kept.map(([name, schema]) => [nameOf(name), schema]));
  const tidy = tidyValue({ ...document, components: { ...document.components, schemas: renamed } }, nameOf);
  return tidy as OpenApi;
}

/** The names of all schemas referenced by `paths`, directly or through other schemas. */
function referencedSchemas(paths: unknown, schemas: Record<string, unknown>): Set<string> {
  const used = new Set<string>();
  function visit(value: unknown): void {
    if (!isObject(value)) return;
    const { $ref } = value;
    if (typeof $ref === 'string' && $ref.startsWith(REF)) {
      const name = $ref.slice(REF.length);
      if (!used.has(name)) {
        used.add(name);
        visit(schemas[name]);
      }
    }
    Object.values(value).forEach(visit);
  }
  visit(paths);
  return used;
}

function tidyValue(value: unknown, nameOf: (name: string) => string): unknown {
  if (Array.isArray(value)) return value.map((item) => tidyValue(item, nameOf));
  if (!isObject(value)) return value;
  const entries = Object.entries(value)
    .filter(([name, item]) => !isNoise(name, item, value))
    .map(([name, item]): [string, unknown] => [
      name,
      name === '$ref' && typeof item === 'string' && item.startsWith(REF)
        ? REF + nameOf(item.slice(REF.length))
        : tidyValue(item, nameOf),
    ]);
  return Object.fromEntries(entries);
}

function isNoise(name: string, item: unknown, { type, format }: Schema | Record<string, unknown>): boolean {
  return (
    (type === 'integer' &&
      (name === 'minimum' || name === 'maximum') &&
      Math.abs(Number(item)) === Number.MAX_SAFE_INTEGER) ||
    (type === 'string' && name === 'pattern' && typeof format === 'string') ||
    name === '$schema' ||
    // The id of a zod schema is already the name of the component.
    (name === 'id' && typeof item === 'string' && typeof type === 'string')
  );
}
