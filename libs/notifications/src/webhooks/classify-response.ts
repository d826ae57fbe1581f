import type { Outcome } from '../deliveries/sender.ts';
import type { WebhookResponse } from './read-response.ts';

const HTTP_GONE = 410;
/** The code of an error that says so. */
export const NO_RESPONSE = 'ENOANSWER';

/** 2xx is success; 410 is the wish to be told nothing more (Standard Webhooks); all else is a failure, redirects too. */
export function classifyResponse({ status, text: response }: WebhookResponse): Outcome {
  if (status >= 200 && status < 300) return { result: 'taken', status, response };
  function failed(error: string, detail: string): Outcome {
    return {
      result: 'failed',
      final: status === HTTP_GONE,
      status,
      error,
      detail,
      response,
    };
  }
  if (status === HTTP_GONE)
    return failed('gone', 'The answer was 410 Gone: it wants to be told nothing more.');
  if (status >= 300 && status < 400)
    return failed('redirect', `The answer was a redirect (${status}): redirects are not followed.`);
  return failed('status', `The answer had the status ${status}.`);
}

const errorDescriptions: [RegExp, string, string][] = [
  [
    /^EPRIVATE$/,
    'private_address',
    'Its host is, or leads to, an address that is not public: such are not called.',
  ],
  [/^EDNS$/, 'dns', 'The name of its host was not found.'],
  [/^ECONNREFUSED$/, 'connection', 'The connection was refused.'],
  [
    /^(ECONNRESET|EPIPE|ESTALECONNECTION)$/,
    'connection',
    'The connection was closed before there was an answer.',
  ],
  [/^ETIMEDOUT$/, 'timeout', 'No connection was made in time.'],
  [/^ENOANSWER$/, 'timeout', 'There was no answer in time.'],
  [
    /^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UNABLE_|SELF_SIGNED|DEPTH_ZERO|ERR_OSSL)/,
    'tls',
    'No trusted TLS connection was made.',
  ],
  [/^HPE_/, 'bad_answer', 'The answer was not HTTP.'],
];

/** What went wrong before there was an answer, in words of ours: those of the system may tell of our network. */
export function classifyError(thrown: unknown): Outcome {
  const { code } = thrown as { code?: unknown };
  const [, error, detail] = errorDescriptions.find(([pattern]) => pattern.test(String(code))) ?? [
    null,
    'connection',
    'No connection was made.',
  ];
  return { result: 'failed', final: false, status: null, error, detail, response: null };
}
