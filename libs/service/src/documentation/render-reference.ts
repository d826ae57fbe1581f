import {
  operationsOf,
  resolveRef,
  type OpenApi,
  type Operation,
  type Parameter,
  type Schema,
} from './openapi.ts';

/** Renders the API reference as a static HTML page without scripts. */
export function renderReference(document: OpenApi): string {
  const { title, version, description = '' } = document.info;
  const tags = (document.tags ?? []).map(({ name }) => name);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${PAGE_CSS}</style>
</head>
<body>
<nav>
<h1>${escapeHtml(title)}</h1><p>Version ${escapeHtml(version)}</p>
${tags.map((tag) => renderContents(document, tag)).join('')}
</nav>
<main><p>${escapeHtml(description)}</p>${tags.map((tag) => renderSection(document, tag)).join('')}</main>
</body>
</html>
`;
}

const PAGE_CSS = `
:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}
body{margin:0;display:grid;grid-template-columns:18rem 1fr}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1rem;box-sizing:border-box}
nav{border-right:1px solid #8884}
nav h1{font-size:1.2rem}
nav h2{font-size:1rem;margin:1rem 0 .2rem}
nav a{display:block;font-size:.85rem;text-decoration:none}
main{padding:1rem 2rem;max-width:60rem;min-width:0}
article{border-top:1px solid #8884;padding:1rem 0}
code,pre{font-family:ui-monospace,monospace;font-size:.85rem}
pre{background:#8882;padding:.8rem;overflow:auto;border-radius:.4rem}
table{border-collapse:collapse;width:100%}
td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top;border-bottom:1px solid #8882}
.method{font-weight:700;text-transform:uppercase}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto}}`;

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

function operationsWithTag(document: OpenApi, tag: string) {
  return operationsOf(document).filter(({ operation }) => operation.tags?.includes(tag));
}

function renderContents(document: OpenApi, tag: string): string {
  return (
    `<h2>${escapeHtml(tag)}</h2>` +
    operationsWithTag(document, tag)
      .map(
        ({ operation }) => `<a href="#${operation.operationId}">${escapeHtml(operation.summary ?? '')}</a>`,
      )
      .join('')
  );
}

function renderSection(document: OpenApi, tag: string): string {
  return (
    `<h2>${escapeHtml(tag)}</h2>` +
    operationsWithTag(document, tag)
      .map(({ path, method, operation }) => renderArticle(document, path, method, operation))
      .join('')
  );
}

function renderArticle(document: OpenApi, path: string, method: string, operation: Operation): string {
  return (
    `<article id="${operation.operationId}"><h3>${escapeHtml(operation.summary ?? '')}</h3>` +
    `<p><code><span class="method">${method}</span> ${escapeHtml(path)}</code></p>` +
    renderParagraphs(operation.description ?? '') +
    renderParameters((operation.parameters ?? []) as Parameter[]) +
    renderBody(document, operation) +
    renderResponses(document, operation) +
    '</article>'
  );
}

/** Supports the only markup used in descriptions: `**bold**`. */
function renderParagraphs(text: string): string {
  return text
    .split('\n\n')
    .map((part) => `<p>${escapeHtml(part).replaceAll(/\*\*(.+?)\*\*/g, '<strong>$1</strong>')}</p>`)
    .join('');
}

function renderTable(head: string[], rows: string[][]): string {
  return rows.length
    ? `<table><tr>${head.map((cell) => `<th>${cell}</th>`).join('')}</tr>` +
        `${rows.map((row) => `<tr>${row.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('')}</table>`
    : '';
}

function renderParameters(list: Parameter[]): string {
  return renderTable(
    ['Parameter', 'In', 'Type', 'Description'],
    list.map(({ name, in: place, required, schema, description }) => [
      `<code>${escapeHtml(name)}</code>${required ? ' *' : ''}`,
      escapeHtml(place ?? ''),
      escapeHtml(typeOf(schema as Schema)),
      escapeHtml([description, rangeOf(schema as Schema)].filter(Boolean).join('. ')),
    ]),
  );
}

function renderBody(document: OpenApi, { requestBody }: Operation): string {
  const schema = jsonSchema(requestBody);
  const resolved = resolveRef(document, schema);
  return resolved ? `<h4>Body</h4>${renderMembers(document, resolved)}${renderExample(resolved)}` : '';
}

function renderResponses(document: OpenApi, { responses = {} }: Operation): string {
  return Object.entries(responses)
    .map(([status, response]) => {
      const { $ref, description } = response as { $ref?: string; description?: string };
      const shared = $ref?.replace('#/components/responses/', '');
      const text = description ?? (shared && document.components?.responses?.[shared]?.description) ?? '';
      const schema = shared ? undefined : resolveRef(document, dataOf(document, jsonSchema(response)));
      const body = schema ? renderMembers(document, schema) + renderExample(schema) : '';
      return `<p><strong>${status}</strong> ${escapeHtml(text)}</p>${body}`;
    })
    .join('');
}

function jsonSchema(holder: unknown): Schema | undefined {
  return (holder as { content?: Record<string, { schema?: Schema }> } | undefined)?.content?.[
    'application/json'
  ]?.schema;
}

/** Unwraps the envelope, and the items of a list. */
function dataOf(document: OpenApi, schema: Schema | undefined): Schema | undefined {
  const { data } = (resolveRef(document, schema)?.properties ?? {}) as { data?: Schema };
  const inner = data ?? schema;
  return inner && 'items' in inner ? inner.items : inner;
}

function renderMembers(document: OpenApi, schema: Schema): string {
  return renderTable(
    ['Member', 'Type', 'Description'],
    Object.entries(schema.properties ?? {}).map(([name, member]) => [
      `<code>${escapeHtml(name)}</code>${schema.required?.includes(name) ? ' *' : ''}`,
      escapeHtml(typeOf(member as Schema)),
      escapeHtml(
        [resolveRef(document, member as Schema)?.description, rangeOf(member as Schema)]
          .filter(Boolean)
          .join('. '),
      ),
    ]),
  );
}

function renderExample({ examples }: Schema): string {
  const first = Array.isArray(examples) ? (examples[0] as unknown) : undefined;
  return first === undefined ? '' : `<pre>${escapeHtml(JSON.stringify(first, null, 2))}</pre>`;
}

function typeOf(schema: Schema | undefined): string {
  if (!schema) return '';
  if (schema.$ref) return schema.$ref.split('/').at(-1)!;
  if (schema.enum) return schema.enum.map(String).join(' | ');
  if (schema.anyOf) return schema.anyOf.map((variant) => typeOf(variant as Schema)).join(' | ');
  if ('items' in schema && schema.items) return `${typeOf(schema.items)}[]`;
  return [[schema.type ?? 'any'].flat().join(' | '), schema.format].filter(Boolean).join(', ');
}

function rangeOf(schema: Schema | undefined): string {
  const limits = [
    schema?.minimum !== undefined && `at least ${schema.minimum}`,
    schema?.maximum !== undefined && `at most ${schema.maximum}`,
    schema?.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ];
  return limits.filter(Boolean).join(', ');
}
