import type { Operation, Parameter, Schema } from './openapi.ts';

/**
 * Names path parameters as in the documented path. A literal segment becomes an enum of the segments of all
 * merged routes (`cdr` and `process` for `{action}`); the wildcard `*` gets the name of the documented
 * parameter.
 */
export function nameParameters(
  { parameters = [] }: Operation,
  path: string,
  documentedPath: string,
  merged: Operation | undefined,
): Pick<Operation, 'parameters'> {
  if (path === documentedPath) return parameters.length ? { parameters } : {};
  const known = parameters as Parameter[];
  const parts = path.split('/');
  const named = documentedPath.split('/').flatMap((part, index): Parameter[] => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (!name || known.some((parameter) => parameter.name === name)) return [];
    const wildcard = known.find((parameter) => parameter.name === '*');
    if (wildcard) return [{ ...wildcard, name }];
    const mergedParameters = merged?.parameters as Parameter[] | undefined;
    const schema = mergedParameters?.find((parameter) => parameter.name === name)?.schema as
      Schema | undefined;
    const values = [...((schema?.enum ?? []) as string[]), parts[index]!];
    return [{ name, in: 'path', required: true, schema: { type: 'string', enum: values } }];
  });
  return { parameters: [...named, ...known.filter(({ name }) => name !== '*')] };
}
