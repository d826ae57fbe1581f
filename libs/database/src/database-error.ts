/** The properties of errors of Prisma and its pg adapter that are used here. */
interface PrismaError {
  name?: string;
  message?: string;
  code?: string;
  /** Set on socket errors of Node. */
  syscall?: string;
  /** Set on errors of the server that pg reports without Prisma; `code` is then the SQLSTATE. */
  severity?: string;
  meta?: { driverAdapterError?: { cause?: DriverCause } };
  /** Of a DriverAdapterError, which the statements of a transaction may throw as it is. */
  cause?: DriverCause;
}
interface DriverCause {
  kind?: string;
  originalCode?: string;
}

function driverCause(error: unknown): DriverCause | undefined {
  const { name, meta, cause } = (error ?? {}) as PrismaError;
  return name === 'DriverAdapterError' ? cause : meta?.driverAdapterError?.cause;
}

/** The SQLSTATE (PostgreSQL manual, appendix A), or an empty string if the server was not reached. */
function sqlState(error: unknown): string {
  const { severity, code = '' } = (error ?? {}) as PrismaError;
  return severity ? code : (driverCause(error)?.originalCode ?? '');
}

/** Prisma error codes. */
const UNREACHABLE_CODES = new Set([
  'P1000',
  'P1001',
  'P1002',
  'P1008',
  'P1011',
  'P1017',
  'P2024',
  'P2028',
  'P2037',
]);
/** Error kinds of the driver adapter. */
const UNREACHABLE_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
/**
 * SQLSTATE classes: 08 connection (except a protocol violation, which is a bug of the client), 28
 * authorization, 40 serialization and deadlock, 53 resources, 55P03 lock not available, 57 canceled or shut
 * down, 58 I/O.
 */
const TRANSIENT_STATES = /^(08(?!P01)|28|40|53|55P03|57|58)/;
/** Errors of pg and pg-pool have no code, and Prisma passes them on unchanged. */
const TRANSIENT_MESSAGES = [
  'timeout exceeded when trying to connect',
  'timeout expired',
  'Query read timeout',
  'Connection terminated',
  'Client has encountered a connection error',
  'Client was closed',
  'Cannot use a pool',
];

/** Whether the database was unreachable, overloaded or too slow: the same operation may succeed later. */
export function isUnavailable(error: unknown): boolean {
  const { name, message, code, syscall } = (error ?? {}) as PrismaError;
  return (
    UNREACHABLE_CODES.has(code ?? '') ||
    UNREACHABLE_KINDS.has(driverCause(error)?.kind ?? '') ||
    TRANSIENT_STATES.test(sqlState(error)) ||
    TRANSIENT_MESSAGES.some((prefix) => message?.startsWith(prefix)) ||
    typeof syscall === 'string' ||
    name === 'PrismaClientInitializationError'
  );
}

/**
 * Whether the data can never be stored: SQLSTATE classes 22 and 23. Excludes 23514 (check violation): no
 * table has a check constraint, so it comes from a partition that is being attached.
 */
export function isBadData(error: unknown): boolean {
  return /^2(2|3(?!514))/.test(sqlState(error));
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}
