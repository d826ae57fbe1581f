/** What can go wrong, once: its HTTP status, what it says when nobody says it better, and whether a job tries again. */
export const failures = {
  bad_request: { status: 400, message: 'Bad Request', retry: false },
  unauthorized: { status: 401, message: 'Unauthorized', retry: false },
  forbidden: { status: 403, message: 'Forbidden', retry: false },
  not_found: { status: 404, message: 'Not Found', retry: false },
  method_not_allowed: { status: 405, message: 'Method Not Allowed', retry: false },
  timeout: { status: 408, message: 'Request Timeout', retry: true },
  conflict: { status: 409, message: 'Conflict', retry: false },
  too_large: { status: 413, message: 'Payload Too Large', retry: false },
  unsupported_media_type: { status: 415, message: 'Unsupported Media Type', retry: false },
  unprocessable: { status: 422, message: 'Unprocessable Entity', retry: false },
  too_many_requests: { status: 429, message: 'Too Many Requests', retry: true },
  headers_too_large: { status: 431, message: 'Request Header Fields Too Large', retry: false },
  internal: { status: 500, message: 'Internal Server Error', retry: true },
  bad_gateway: { status: 502, message: 'Bad Gateway', retry: true },
  unavailable: { status: 503, message: 'Service Unavailable', retry: true },
} as const;

export type FailureCode = keyof typeof failures;

/** One field that was refused, as a client finds it in its own request: `records[2].start_time`. */
export interface Problem {
  field: string;
  message: string;
}

export interface FailureOptions {
  cause?: unknown;
  details?: Problem[];
  /** Seconds; the Retry-After of a 429 or 503. */
  retryAfter?: number;
  /** The methods a known path has; the Allow of a 405. */
  allow?: string[];
}

/** An error that says what to do about it. Its message is for the client: never internals. */
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
    return failures[this.code].retry;
  }
}

/** A refusal that names the field, for what its schema alone cannot tell. */
export function fieldFailure(field: string, message: string, code: FailureCode = 'bad_request'): Failure {
  return new Failure(code, `${field}: ${message}`, { details: [{ field, message }] });
}
