/**
 * Error codes with their HTTP status, default message, and whether a job that failed with them is retried.
 */
export const failures = {
  bad_request: { status: 400, message: 'Bad Request', retryable: false },
  unauthorized: { status: 401, message: 'Unauthorized', retryable: false },
  forbidden: { status: 403, message: 'Forbidden', retryable: false },
  not_found: { status: 404, message: 'Not Found', retryable: false },
  method_not_allowed: { status: 405, message: 'Method Not Allowed', retryable: false },
  timeout: { status: 408, message: 'Request Timeout', retryable: true },
  conflict: { status: 409, message: 'Conflict', retryable: false },
  too_large: { status: 413, message: 'Payload Too Large', retryable: false },
  unsupported_media_type: { status: 415, message: 'Unsupported Media Type', retryable: false },
  unprocessable: { status: 422, message: 'Unprocessable Entity', retryable: false },
  too_many_requests: { status: 429, message: 'Too Many Requests', retryable: true },
  headers_too_large: { status: 431, message: 'Request Header Fields Too Large', retryable: false },
  internal: { status: 500, message: 'Internal Server Error', retryable: true },
  bad_gateway: { status: 502, message: 'Bad Gateway', retryable: true },
  unavailable: { status: 503, message: 'Service Unavailable', retryable: true },
} as const;

export type FailureCode = keyof typeof failures;

/** An invalid field, named by its path in the request, for example `records[2].start_time`. */
export interface Problem {
  field: string;
  message: string;
}

export interface FailureOptions {
  cause?: unknown;
  details?: Problem[];
  /** Seconds until the client may retry: the Retry-After header of a 429 or 503 response. */
  retryAfter?: number;
  /** Methods that the path supports: the Allow header of a 405 response. */
  allow?: string[];
}

/** An error that is presented to the client. Its message must not contain internals. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly details: Problem[];
  readonly retryAfter: number | undefined;
  readonly allow: string[] | undefined;

  constructor(code: FailureCode, message: string = failures[code].message, options: FailureOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'Failure';
    this.code = code;
    this.details = options.details ?? [];
    this.retryAfter = options.retryAfter;
    this.allow = options.allow;
  }

  get status(): number {
    return failures[this.code].status;
  }

  get isRetryable(): boolean {
    return failures[this.code].retryable;
  }
}

/** Creates a failure for one field, for checks that a schema cannot express. */
export function fieldFailure(field: string, message: string, code: FailureCode = 'bad_request'): Failure {
  return new Failure(code, `${field}: ${message}`, { details: [{ field, message }] });
}

/** Formats `['records', '2', 'start_time']` as `records[2].start_time`. */
export function fieldName(path: PropertyKey[]): string {
  let name = '';
  for (const part of path.map(String)) {
    if (/^\d+$/.test(part)) name += `[${part}]`;
    else name += name ? `.${part}` : part;
  }
  return name;
}
