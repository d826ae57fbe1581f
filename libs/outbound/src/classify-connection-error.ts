/** Why a request got no response. */
export interface ConnectionError {
  error: 'private_address' | 'dns' | 'connection' | 'timeout' | 'tls' | 'bad_answer';
  /** A sentence for users. It names no address: system messages may reveal the operator's network. */
  detail: string;
  /** Node's error code, e.g. ECONNREFUSED; of a failed lookup the resolver's. */
  code: string;
}

const descriptions: [codes: RegExp, error: ConnectionError['error'], detail: string][] = [
  [
    /^EPRIVATE$/,
    'private_address',
    'The host is or resolves to a private address: private addresses are not allowed.',
  ],
  [/^EDNS$/, 'dns', 'The host name was not found.'],
  [/^ECONNREFUSED$/, 'connection', 'The connection was refused.'],
  [
    /^(ECONNRESET|EPIPE|ESTALECONNECTION)$/,
    'connection',
    'The connection was closed before a response arrived.',
  ],
  [/^ETIMEDOUT$/, 'timeout', 'The connection timed out.'],
  [/^ENORESPONSE$/, 'timeout', 'No response arrived in time.'],
  [
    /^(ERR_TLS|ERR_SSL|CERT_|EPROTO|UNABLE_|SELF_SIGNED|DEPTH_ZERO|ERR_OSSL)/,
    'tls',
    'No trusted TLS connection could be established.',
  ],
  [/^HPE_/, 'bad_answer', 'The response was not valid HTTP.'],
];

/** Classifies an error of `PostClient.post`. */
export function classifyConnectionError(thrown: unknown): ConnectionError {
  const { code, name, cause } = thrown as { code?: string; name?: string; cause?: { code?: string } };
  const [, error, detail] = descriptions.find(([codes]) => codes.test(code ?? '')) ?? [
    null,
    'connection' as const,
    'The connection failed.',
  ];
  return { error, detail, code: cause?.code ?? code ?? name ?? 'unknown' };
}
