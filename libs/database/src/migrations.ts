import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** Both src/ and dist/libs/database/ are three folders below the root. */
export const prismaFolder = fileURLToPath(new URL('../../../prisma', import.meta.url));

/** Reads every migration.sql, ordered by folder name, in the format of the schema engine. */
export async function readMigrations(prisma: string): Promise<MigrationList> {
  const baseDir = join(prisma, 'migrations');
  const entries = await readdir(baseDir, { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return {
    baseDir,
    lockfile: { path: 'migration_lock.toml', content: 'provider = "postgresql"\n' },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(folders.sort().map((path) => readMigration(baseDir, path))),
  };
}

async function readMigration(
  baseDir: string,
  path: string,
): Promise<MigrationList['migrationDirectories'][number]> {
  return {
    path,
    migrationFile: {
      path: 'migration.sql',
      content: { tag: 'ok', value: await readFile(join(baseDir, path, 'migration.sql'), 'utf8') },
    },
  };
}

/** Returns the path of the new migration.sql; rejects if it exists. */
export async function writeMigration(prisma: string, name: string, sql: string): Promise<string> {
  const folder = join(prisma, 'migrations', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'migration.sql'), sql, { flag: 'wx' });
  return join(folder, 'migration.sql');
}

/** Reads schema.prisma and every file in models/. */
export async function readSchema(prisma: string): Promise<{ path: string; content: string }[]> {
  const entries = await readdir(prisma, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && entry.name.endsWith('.prisma'));
  return Promise.all(
    files.map(async (file) => {
      const path = join(file.parentPath, file.name);
      return { path: relative(prisma, path), content: await readFile(path, 'utf8') };
    }),
  );
}
