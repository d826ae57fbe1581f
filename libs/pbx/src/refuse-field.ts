import { Failure } from '@oriontel/contracts';

/** A 400 that names the field, for what its schema alone cannot tell. */
export const refuseField = (field: string, message: string): Failure =>
  new Failure('bad_request', `${field}: ${message}`, { details: [{ field, message }] });
