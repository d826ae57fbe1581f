/** What Prisma and its pg adapter tell of a failed query. */
interface PrismaError {
  name?: string;
  message?: string;
  code?: string;
  /** Of Node's own error of a socket. */
  syscall?: string;
  meta?: { driverAdapterError?: { cause?: { kind?: string; originalCode?: string } } };
}

const driverCause = (error: unknown) => (error as PrismaError | null)?.meta?.driverAdapterError?.cause;

/** The SQLSTATE (PostgreSQL manual, appendix A), where the server was reached. */
const sqlState = (error: unknown): string => driverCause(error)?.originalCode ?? '';

const UNREACHABLE = new Set([
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
const UNREACHABLE_KINDS = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
]);
// Connection (but not a violated protocol, which is our own mistake), authorization, serialization and deadlock, resources, lock not available, cancelled or shut down, I/O.
const TRANSIENT_STATES = /^(08(?!P01)|28|40|53|55P03|57|58)/;
// pg's and pg-pool's own errors have no code, and Prisma hands them through as they are.
const TRANSIENT_MESSAGES =
  /^(timeout exceeded when trying to connect|timeout expired|Query read timeout|Connection terminated|Client has encountered a connection error|Client was closed|Cannot use a pool)/;

/** The database is away, overloaded or took too long: the same again later may go through. */
export function isUnavailable(error: unknown): boolean {
  const { name, message, code, syscall } = (error ?? {}) as PrismaError;
  return (
    UNREACHABLE.has(code ?? '') ||
    UNREACHABLE_KINDS.has(driverCause(error)?.kind ?? '') ||
    TRANSIENT_STATES.test(sqlState(error)) ||
    TRANSIENT_MESSAGES.test(message ?? '') ||
    typeof syscall === 'string' ||
    name === 'PrismaClientInitializationError'
  );
}

/**
 * The data itself cannot be stored: the same again fails again. Not 23514: no table has a check of its own, so it was a
 * month's partition being made at the same moment.
 */
export function isBadData(error: unknown): boolean {
  return /^2(2|3(?!514))/.test(sqlState(error));
}

export function isUniqueViolation(error: unknown): boolean {
  return sqlState(error) === '23505';
}
