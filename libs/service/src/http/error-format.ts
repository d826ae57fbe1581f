import { isoTime, type Problem } from '@oriontel/contracts';
import accepts from 'accepts';
import type { FastifyRequest } from 'fastify';
import type { Family } from './route-config.ts';

/** The data of an error response, for the JSON and the XML format. */
export interface ErrorResponse {
  status: number;
  message: string;
  requestId: string;
  details: Problem[];
  time: Date;
}

type Format = 'json' | 'xml';

// With the charset: an Accept header matches these with or without a charset parameter.
const JSON_TYPE = 'application/json; charset=utf-8';
const XML_TYPE = 'application/xml; charset=utf-8';
const XML_TYPES = [XML_TYPE, 'text/xml; charset=utf-8'];

/** Chooses by the Accept header (RFC 9110, section 12.5.1); if it allows both, by the family of the route. */
export function chooseFormat(request: FastifyRequest, family: Family): Format {
  const types = family === 'platform' ? [...XML_TYPES, JSON_TYPE] : [JSON_TYPE, ...XML_TYPES];
  const chosen = accepts(request.raw).type(types);
  if (chosen === JSON_TYPE) return 'json';
  if (chosen) return 'xml';
  return family === 'platform' ? 'xml' : 'json';
}

export function formatError(format: Format, response: ErrorResponse): { contentType: string; body: string } {
  return format === 'json'
    ? { contentType: JSON_TYPE, body: toJson(response) }
    : { contentType: XML_TYPE, body: toXml(response) };
}

function toJson({ status, message, requestId, details }: ErrorResponse): string {
  return JSON.stringify({
    error: { message, code: status, request_id: requestId, ...(details.length ? { details } : {}) },
  });
}

function toXml({ status, message, requestId, details, time }: ErrorResponse): string {
  const items = details.map(
    ({ field, message }) => `    <detail field="${escapeXml(field)}">${escapeXml(message)}</detail>\n`,
  );
  const list = items.length ? `  <details>\n${items.join('')}  </details>\n` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>${status}</code>
  <message>${escapeXml(message)}</message>
  <timestamp>${isoTime(time)}</timestamp>
  <request_id>${escapeXml(requestId)}</request_id>
${list}</error>
`;
}

const XML_ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes markup and removes characters that XML 1.0 (section 2.2) does not allow. */
function escapeXml(text: string): string {
  return (
    text
      .toWellFormed()
      // eslint-disable-next-line no-control-regex
      .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
      .replace(/[&<>"']/g, (character: string) => XML_ENTITIES[character]!)
  );
}
