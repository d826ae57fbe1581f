import { isoTime, type Problem } from '@oriontel/contracts';
import accepts from 'accepts';
import type { FastifyRequest } from 'fastify';
import type { Family } from './route-config.ts';

/** An error as both documents' formats need it. */
export interface ErrorAnswer {
  status: number;
  message: string;
  requestId: string;
  details: Problem[];
  time: Date;
}

type Format = 'json' | 'xml';

// With the charset: an Accept that names it asks for no less than these, and one that does not asks for these too.
const JSON_TYPE = 'application/json; charset=utf-8';
const XML_TYPE = 'application/xml; charset=utf-8';
const XML_TYPES = [XML_TYPE, 'text/xml; charset=utf-8'];

/** The Accept header decides (RFC 9110, 12.5.1); where it leaves both open, the family of the route does. */
export const chooseFormat = (request: FastifyRequest, family: Family): Format => {
  const types = family === 'platform' ? [...XML_TYPES, JSON_TYPE] : [JSON_TYPE, ...XML_TYPES];
  const chosen = accepts(request.raw).type(types);
  if (chosen === JSON_TYPE) return 'json';
  if (chosen) return 'xml';
  return family === 'platform' ? 'xml' : 'json';
};

export const formatError = (format: Format, answer: ErrorAnswer): { contentType: string; body: string } =>
  format === 'json'
    ? { contentType: JSON_TYPE, body: toJson(answer) }
    : { contentType: XML_TYPE, body: toXml(answer) };

const toJson = ({ status, message, requestId, details }: ErrorAnswer): string =>
  JSON.stringify({
    error: { message, code: status, request_id: requestId, ...(details.length ? { details } : {}) },
  });

const toXml = ({ status, message, requestId, details, time }: ErrorAnswer): string => {
  const items = details.map(
    ({ field, message }) => `    <detail field="${escape(field)}">${escape(message)}</detail>\n`,
  );
  const list = items.length ? `  <details>\n${items.join('')}  </details>\n` : '';
  return `<?xml version="1.0" encoding="UTF-8"?>
<error>
  <code>${status}</code>
  <message>${escape(message)}</message>
  <timestamp>${isoTime(time)}</timestamp>
  <request_id>${escape(requestId)}</request_id>
${list}</error>
`;
};

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Escapes mark-up and drops what XML 1.0 (section 2.2) cannot hold at all. */
const escape = (text: string): string =>
  text
    .toWellFormed()
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g, '')
    .replace(/[&<>"']/g, (character: string) => ENTITIES[character]!);
