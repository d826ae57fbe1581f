import { z } from 'zod';
import { GatewayConfig } from '../../apps/api-gateway/src/config.ts';
import { WorkerConfig as CdrWorkerConfig } from '../../apps/cdr-worker/src/config.ts';
import { WorkerConfig as EventlogWorkerConfig } from '../../apps/eventlog-worker/src/config.ts';
import { MonitorConfig } from '../../apps/gateway-monitor/src/config.ts';
import { StackSettings } from '../../libs/devstack/src/config.ts';

export interface Setting {
  name: string;
  description: string;
  /** Markdown. */
  defaultText: string;
  /** For .env.example; empty if there is no fixed default. */
  defaultValue: string;
  /** Markdown: the allowed values or the range; empty if it is not limited. */
  values: string;
  /** Programs that read it. */
  readers: string[];
}

/** The first schema that has a variable describes it. */
const SCHEMAS: Record<string, z.ZodType> = {
  'npm start': StackSettings,
  'api-gateway': GatewayConfig,
  'cdr-worker': CdrWorkerConfig,
  'eventlog-worker': EventlogWorkerConfig,
  'gateway-monitor': MonitorConfig,
};

/** Variables that no schema contains. */
const OTHER_SETTINGS: Setting[] = [
  {
    name: 'POSTGRES_PASSWORD',
    description: 'Password of the database in the compose file: a long random word.',
    defaultText: 'required',
    defaultValue: '',
    values: '',
    readers: ['docker-compose.yml'],
  },
  {
    name: 'NO_COLOR',
    description: 'Any value disables colors in the log.',
    defaultText: 'not set',
    defaultValue: '',
    values: '',
    readers: ['npm start'],
  },
  {
    name: 'TEST_DATABASE_URL',
    description: 'PostgreSQL superuser URL for the tests; REDIS_URL names their Redis.',
    defaultText: 'embedded',
    defaultValue: '',
    values: '',
    readers: ['npm test'],
  },
];

/** A maximum that only rejects nonsense. */
const UNLIMITED = 1_000_000_000;

interface Property {
  description?: string;
  default?: string | number | boolean;
  defaultText?: string;
  enum?: string[];
  minimum?: number;
  maximum?: number;
}

/** All environment variables of the project. @throws Error if one has no description. */
export function collectSettings(): Setting[] {
  const settings = new Map<string, Setting>();
  for (const [reader, schema] of Object.entries(SCHEMAS)) {
    const { properties, required } = toJsonSchema(schema);
    for (const [name, property] of Object.entries(properties)) {
      const known = settings.get(name);
      if (known) known.readers.push(reader);
      else settings.set(name, toSetting(name, property, required.includes(name), reader));
    }
  }
  return [...settings.values(), ...OTHER_SETTINGS];
}

function toJsonSchema(schema: z.ZodType): { properties: Record<string, Property>; required: string[] } {
  const { properties, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return { properties: properties as Record<string, Property>, required };
}

function toSetting(name: string, property: Property, required: boolean, reader: string): Setting {
  const { description, default: value, defaultText } = property;
  if (!description)
    throw new Error(`${name} of ${reader} has no description: add .describe(…) to its schema`);
  const hasValue = value !== undefined && defaultText === undefined;
  return {
    name,
    description,
    defaultText: defaultText ?? (hasValue ? `\`${String(value)}\`` : required ? 'required' : 'not set'),
    defaultValue: hasValue ? String(value) : '',
    values: valuesOf(property),
    readers: [reader],
  };
}

function valuesOf({ enum: values, minimum, maximum }: Property): string {
  if (values) return values.map((value) => `\`${value}\``).join(', ');
  if (minimum === undefined || maximum === undefined) return '';
  return maximum >= UNLIMITED ? `at least ${minimum}` : `${minimum} to ${maximum}`;
}
