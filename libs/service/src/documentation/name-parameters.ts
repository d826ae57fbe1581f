import type { Operation, Parameter, Schema } from './openapi.ts';

/**
 * The parameters as the documents name them: where they have `{action}` and the router `cdr` and `process`, it is one of both;
 * what the router calls `*` is the one that it does not know by name.
 */
export function nameParameters(
  { parameters = [] }: Operation,
  path: string,
  shown: string,
  before: Operation | undefined,
): Pick<Operation, 'parameters'> {
  if (path === shown) return parameters.length ? { parameters } : {};
  const known = parameters as Parameter[];
  const parts = path.split('/');
  const named = shown.split('/').flatMap((part, index): Parameter[] => {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (!name || known.some((parameter) => parameter.name === name)) return [];
    const wildcard = known.find((parameter) => parameter.name === '*');
    if (wildcard) return [{ ...wildcard, name }];
    const earlier = (before?.parameters as Parameter[] | undefined)?.find((one) => one.name === name);
    const listed = ((earlier?.schema as Schema | undefined)?.enum ?? []) as string[];
    const values = [...listed, parts[index]!];
    return [{ name, in: 'path', required: true, schema: { type: 'string', enum: values } }];
  });
  return { parameters: [...named, ...known.filter(({ name }) => name !== '*')] };
}
