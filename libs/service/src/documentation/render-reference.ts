import {
  operationsOf,
  resolve,
  type OpenApi,
  type Operation,
  type Parameter,
  type Schema,
} from './openapi.ts';

/** A page that needs no script: every route with who may use it, what it takes and what it answers. */
export const renderReference = (document: OpenApi): string => {
  const { title, version, description = '' } = document.info;
  const tags = (document.tags ?? []).map(({ name }) => name);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style></head>
<body>
<nav><h1>${escape(title)}</h1><p>Version ${escape(version)}</p>${tags.map((tag) => contents(document, tag)).join('')}</nav>
<main><p>${escape(description)}</p>${tags.map((tag) => section(document, tag)).join('')}</main>
</body>
</html>
`;
};

const STYLE = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{margin:0;display:grid;grid-template-columns:18rem 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;box-sizing:border-box;border-right:1px solid #8884}
nav h1{font-size:1.2rem}nav h2{font-size:1rem;margin:1rem 0 .2rem}nav a{display:block;font-size:.85rem;text-decoration:none}
main{padding:1rem 2rem;max-width:60rem;min-width:0}article{border-top:1px solid #8884;padding:1rem 0}
code,pre{font-family:ui-monospace,monospace;font-size:.85rem}pre{background:#8882;padding:.8rem;overflow:auto;border-radius:.4rem}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid #8882}
.method{font-weight:700;text-transform:uppercase}@media(max-width:50rem){body{display:block}nav{position:static;height:auto}}`;

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const ofTag = (document: OpenApi, tag: string) =>
  operationsOf(document).filter(({ operation }) => operation.tags?.includes(tag));

const contents = (document: OpenApi, tag: string): string =>
  `<h2>${escape(tag)}</h2>` +
  ofTag(document, tag)
    .map(({ operation }) => `<a href="#${operation.operationId}">${escape(operation.summary ?? '')}</a>`)
    .join('');

const section = (document: OpenApi, tag: string): string =>
  `<h2>${escape(tag)}</h2>` +
  ofTag(document, tag)
    .map(({ path, method, operation }) => article(document, path, method, operation))
    .join('');

const article = (document: OpenApi, path: string, method: string, operation: Operation): string =>
  `<article id="${operation.operationId}"><h3>${escape(operation.summary ?? '')}</h3>` +
  `<p><code><span class="method">${method}</span> ${escape(path)}</code></p>` +
  paragraphs(operation.description ?? '') +
  parameters((operation.parameters ?? []) as Parameter[]) +
  body(document, operation) +
  answers(document, operation) +
  '</article>';

/** The only mark-up in descriptions is `**bold**`. */
const paragraphs = (text: string): string =>
  text
    .split('\n\n')
    .map((part) => `<p>${escape(part).replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')}</p>`)
    .join('');

const table = (head: string[], rows: string[][]): string =>
  rows.length
    ? `<table><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr>` +
      `${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`
    : '';

const parameters = (list: Parameter[]): string =>
  table(
    ['Parameter', 'In', 'Type', 'Description'],
    list.map(({ name, in: place, required, schema, description }) => [
      `<code>${escape(name)}</code>${required ? ' *' : ''}`,
      escape(place ?? ''),
      escape(typeOf(schema as Schema)),
      escape([description, rangeOf(schema as Schema)].filter(Boolean).join('. ')),
    ]),
  );

const body = (document: OpenApi, { requestBody }: Operation): string => {
  const schema = jsonSchema(requestBody);
  const resolved = resolve(document, schema);
  return resolved ? `<h4>Body</h4>${members(document, resolved)}${example(resolved)}` : '';
};

const answers = (document: OpenApi, { responses = {} }: Operation): string =>
  Object.entries(responses)
    .map(([status, response]) => {
      const { $ref, description } = response as { $ref?: string; description?: string };
      const shared = $ref?.replace('#/components/responses/', '');
      const says = description ?? (shared && document.components?.responses?.[shared]?.description) ?? '';
      const schema = shared ? undefined : resolve(document, dataOf(document, jsonSchema(response)));
      return `<p><strong>${status}</strong> ${escape(says)}</p>${schema ? members(document, schema) + example(schema) : ''}`;
    })
    .join('');

const jsonSchema = (holder: unknown): Schema | undefined =>
  (holder as { content?: Record<string, { schema?: Schema }> } | undefined)?.content?.['application/json']
    ?.schema;

/** Inside the envelope, and inside a list: what the answer is about. */
const dataOf = (document: OpenApi, schema: Schema | undefined): Schema | undefined => {
  const { data } = (resolve(document, schema)?.properties ?? {}) as { data?: Schema };
  const inner = data ?? schema;
  return inner && 'items' in inner ? inner.items : inner;
};

const members = (document: OpenApi, schema: Schema): string =>
  table(
    ['Member', 'Type', 'Description'],
    Object.entries(schema.properties ?? {}).map(([name, member]) => [
      `<code>${escape(name)}</code>${schema.required?.includes(name) ? ' *' : ''}`,
      escape(typeOf(member as Schema)),
      escape(
        [resolve(document, member as Schema)?.description, rangeOf(member as Schema)]
          .filter(Boolean)
          .join('. '),
      ),
    ]),
  );

const example = ({ examples }: Schema): string => {
  const first = Array.isArray(examples) ? (examples[0] as unknown) : undefined;
  return first === undefined ? '' : `<pre>${escape(JSON.stringify(first, null, 2))}</pre>`;
};

const typeOf = (schema: Schema | undefined): string => {
  if (!schema) return '';
  if (schema.$ref) return schema.$ref.split('/').at(-1)!;
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one as Schema)).join(' | ');
  if ('items' in schema && schema.items) return `${typeOf(schema.items)}[]`;
  return [[schema.type ?? 'any'].flat().join(' | '), schema.format].filter(Boolean).join(', ');
};

const rangeOf = (schema: Schema | undefined): string => {
  const said = [
    schema?.minimum !== undefined && `at least ${schema.minimum}`,
    schema?.maximum !== undefined && `at most ${schema.maximum}`,
    schema?.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return said.filter(Boolean).join(', ');
};
