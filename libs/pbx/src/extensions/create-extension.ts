import { Failure, Id, JsonObject, Label, required } from '@oriontel/contracts';
import { isUniqueViolation, type ModelQueryable } from '@oriontel/database';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import { ExtensionType, type FoundExtension } from './extension.ts';
import { extensions } from './extension.repository.ts';

const NUMBER_MESSAGE = 'must be 1 to 32 of A-Z, a-z, 0-9 and * # + . _ -';

export const NewExtension = z
  .strictObject({
    extension_number: z.string(required(NUMBER_MESSAGE)).regex(/^[A-Za-z0-9*#+._-]{1,32}$/, NUMBER_MESSAGE),
    name: Label,
    extension_type: ExtensionType,
    config_data: JsonObject.default(() => ({})),
    org_id: Id.optional().meta({ description: 'Admins only: the organization of the extension' }),
  })
  .meta({
    id: 'NewExtension',
    examples: [
      {
        extension_number: '1001',
        name: 'Reception',
        extension_type: 'sip',
        config_data: { context: 'default' },
      },
    ],
  });
export type NewExtension = z.output<typeof NewExtension>;

/** Creates an extension. @throws Failure conflict if the organization already has this number */
export function createExtension(db: ModelQueryable) {
  return async function addExtension(orgId: number, extension: NewExtension): Promise<FoundExtension> {
    const { extension_number, name, extension_type, config_data } = extension;
    return extensions(db)
      .create({
        id: uuidv7(),
        orgId,
        extensionNumber: extension_number,
        name,
        extensionType: extension_type,
        configData: config_data,
      })
      .catch((error: unknown) => {
        if (isUniqueViolation(error)) throw numberTaken();
        throw error;
      });
  };
}

function numberTaken(): Failure {
  return new Failure('conflict', 'This extension_number is taken: choose another.', {
    details: [{ field: 'extension_number', message: 'is taken' }],
  });
}
