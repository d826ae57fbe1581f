import { createBodyReader, type BodyReader, type BodyReaderOptions } from '@oriontel/service';
import type { ImportTask, ReadImport } from './read-import.ts';

export type ImportReader = BodyReader<ImportTask, ReadImport>;

/** Creates a pool of threads that parse imports. `file`: path of the built read-import.main.ts. */
export function createImportReader(file: string, options?: BodyReaderOptions): ImportReader {
  return createBodyReader(file, options);
}
