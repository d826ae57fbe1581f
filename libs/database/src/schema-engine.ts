import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  ColumnTypeEnum,
  DriverAdapterError,
  type SqlDriverAdapter,
  type SqlMigrationAwareDriverAdapterFactory,
  type SqlQuery,
} from '@prisma/driver-adapter-utils';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import pg from 'pg';

/**
 * Runs `work` with Prisma's schema engine and closes its connections afterwards. Uses the WASM build, because
 * the native engine would have to be downloaded.
 */
export async function withSchemaEngine<T>(
  databaseUrl: string,
  work: (engine: bindings.SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= loadEngine();
  await loaded;
  const pools: pg.Pool[] = [];
  const adapter = bindMigrationAwareSqlAdapterFactory(createAdapterFactory(databaseUrl, pools));
  try {
    return await work(await bindings.SchemaEngine.new({ datamodels: undefined }, () => {}, adapter));
  } finally {
    await Promise.all(pools.filter((pool) => !pool.ended).map((pool) => pool.end()));
  }
}

let loaded: Promise<void> | undefined;

/** Loads the .wasm file explicitly: the package entry imports it, which Node supports only with a flag. */
async function loadEngine(): Promise<void> {
  const entry = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg');
  const wasm = await WebAssembly.compile(await readFile(entry.replace(/\.js$/, '.wasm')));
  const imports = { './schema_engine_bg.js': { ...bindings } };
  const { exports } = await WebAssembly.instantiate(wasm, imports);
  bindings.__wbg_set_wasm(exports);
  (exports['__wbindgen_start'] as () => void)();
  // Without this hook a panic of the engine is reported only as "unreachable".
  Object.assign(globalThis, {
    PRISMA_WASM_PANIC_REGISTRY: { set_message: (text: string) => console.error(text) },
  });
}

/**
 * PrismaPg with its own shadow database. PrismaPg's connectToShadowDb is not usable with a connection string:
 * the database in the string takes precedence, so migrations would be replayed into the real database.
 */
function createAdapterFactory(databaseUrl: string, pools: pg.Pool[]): SqlMigrationAwareDriverAdapterFactory {
  return {
    provider: 'postgres',
    adapterName: '@prisma/adapter-pg',
    connect: () => connect(databaseUrl, pools),
    async connectToShadowDb() {
      const name = `oriontel_shadow_${randomUUID().replaceAll('-', '')}`;
      await execute(databaseUrl, `CREATE DATABASE ${name}`);
      const shadow = await connect(withDatabase(databaseUrl, name), pools);
      async function dispose(): Promise<void> {
        await execute(databaseUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }
      return Object.assign(shadow, { dispose });
    },
  };
}

async function connect(databaseUrl: string, pools: pg.Pool[]): Promise<SqlDriverAdapter> {
  const pool = new CharAwarePool({ connectionString: databaseUrl });
  // Expected: the shadow database is dropped while connections are open.
  pool.on('error', () => {});
  pools.push(pool);
  const adapter = await new PrismaPg(pool).connect();
  const queryRaw = adapter.queryRaw.bind(adapter);
  return Object.assign(adapter, {
    executeScript: (script: string) => executeScript(pool, script),
    async queryRaw(query: SqlQuery) {
      const result = await queryRaw(query);
      for (const i of pool.charColumns.get(result.rows) ?? [])
        result.columnTypes[i] = ColumnTypeEnum.Character;
      return result;
    },
  });
}

/**
 * One simple query is one transaction. PrismaPg would split the script at every `;`, also inside functions.
 */
async function executeScript(pool: pg.Pool, script: string): Promise<void> {
  await pool.query(script).catch((error: pg.DatabaseError) => {
    const { code = '', severity = 'ERROR', message, detail, column, hint } = error;
    throw new DriverAdapterError({ kind: 'postgres', code, severity, message, detail, column, hint });
  });
}

const OID_CHAR = 18;
const OID_TEXT = 25;

/**
 * adapter-pg 7.10.0 rejects columns of type "char", which the engine reads from the catalog: this pool
 * reports them as text and remembers their positions.
 */
class CharAwarePool extends pg.Pool {
  readonly charColumns = new WeakMap<unknown[], number[]>();

  override query = (async (query: pg.QueryConfig) => {
    const result: pg.QueryResult = await super.query(query);
    const chars = (result.fields ?? []).flatMap((field, i) => (field.dataTypeID === OID_CHAR ? [i] : []));
    for (const i of chars) result.fields[i]!.dataTypeID = OID_TEXT;
    if (chars.length) this.charColumns.set(result.rows, chars);
    return result;
  }) as unknown as pg.Pool['query'];
}

async function execute(databaseUrl: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query(sql).finally(() => client.end());
}

/** Returns the URL with another database name. */
export function withDatabase(databaseUrl: string, database: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${database}`;
  return url.href;
}
