import { codeOf, type Disposition, messageOf, TdsError } from '@tds/runtime'

interface Kind {
  code: string
  disposition: Disposition
  nextStep: string
}

const unavailable: Kind = {
  code: 'database_unavailable',
  disposition: 'retry',
  nextStep: 'Check that Postgres runs and that DATABASE_URL reaches it; the work is tried again by itself.',
}
const refused: Kind = {
  code: 'database_refused',
  disposition: 'retry',
  nextStep: 'Check user, password and database name in DATABASE_URL; the work is tried again by itself.',
}
const overload: Kind = {
  code: 'database_overload',
  disposition: 'retry',
  nextStep:
    'Look for long statements and for more connections than Postgres allows; the work is tried again by itself.',
}
const full: Kind = {
  code: 'database_full',
  disposition: 'retry',
  nextStep:
    'Make room on the volume that holds the data of Postgres, at once: it stops when it cannot write.',
}
const conflict: Kind = {
  code: 'database_conflict',
  disposition: 'retry',
  nextStep: 'Nothing: two transactions met, and the loser is tried again.',
}
const data: Kind = {
  code: 'database_data',
  disposition: 'dead-letter',
  nextStep:
    'Compare the value named with the column it was meant for; correct it at the source or in the mapping.',
}
const statement: Kind = {
  code: 'database_statement',
  disposition: 'dead-letter',
  nextStep: 'The program and the schema disagree: run pnpm db:deploy; if that changes nothing, report it.',
}
const unexpected: Kind = {
  code: 'unexpected',
  disposition: 'retry',
  nextStep: 'Read the log around this moment; if it happens again, report it.',
}

/** SQLSTATEs that differ from their class. Meanings: PostgreSQL documentation, appendix A. */
const bySqlState: Readonly<Record<string, Kind>> = {
  '25006': unavailable, // read-only transaction: we reached a standby
  '25P03': overload, // idle in transaction for too long
  '53100': full,
  '55P03': conflict, // a lock was not to be had in time
  '57014': overload, // cancelled: statement timeout
}

const bySqlClass: Readonly<Record<string, Kind>> = {
  '08': unavailable, // connection
  '21': statement, // cardinality
  '22': data,
  '23': data, // constraint
  '25': statement, // transaction state
  '26': statement, // prepared statement
  '28': refused, // authorisation
  '3D': refused, // no such database
  '40': conflict, // serialisation failure, deadlock
  '42': statement, // syntax or access rule
  '53': overload, // resources, connections
  '54': data, // program limit: a value too deep or too long
  '55': conflict, // object not in the needed state
  '57': unavailable, // operator intervention: shutting down, starting up
  '58': unavailable, // system error
  XX: unavailable, // internal error
}

const silence = /^Query read timeout/

/** What the pool and the client say without a code; texts of pg 8.23. */
const byMessage: readonly [RegExp, Kind][] = [
  [/^timeout exceeded when trying to connect/, overload],
  [silence, overload],
  [/^Connection terminated/, unavailable],
  [/^Client (?:has encountered a connection error|was closed)/, unavailable],
  [/after calling end on the pool/, unavailable],
]

/**
 * Says what an error of the database asks for. Whatever the statement was, the text of its values is left
 * out: only the SQLSTATE and the names of table, column and constraint are kept.
 */
export function classifyDatabaseError(error: unknown): TdsError {
  if (error instanceof TdsError) return error
  const kind = kindOf(error)
  return new TdsError(`Postgres: ${messageOf(error)}`, { ...kind, facts: factsOf(error), cause: error })
}

/** Whether it was only bad luck: another transaction was in the way, and the same again may succeed. */
export function isDatabaseConflict(error: unknown): boolean {
  return codeOfKind(error) === conflict.code
}

/** Whether Postgres cannot be worked with now: away, refusing, overloaded or full. */
export function isDatabaseUnavailable(error: unknown): boolean {
  return [unavailable.code, refused.code, overload.code, full.code].includes(codeOfKind(error))
}

/**
 * Whether a connection is out of step with the server after this error and must not be used again: everything
 * but an error that the server reported and survived.
 */
export function breaksConnection(error: unknown): boolean {
  return field(error, 'severity') !== 'ERROR' || !/^[0-9A-Z]{5}$/.test(codeOf(error) ?? '')
}

/** Whether a statement got no answer at all within its time, not even that it was ended: the way to the server swallows everything. */
export function isNetworkSilent(error: unknown): boolean {
  return silence.test(messageOf(error))
}

function codeOfKind(error: unknown): string {
  return error instanceof TdsError ? error.code : kindOf(error).code
}

function kindOf(error: unknown): Kind {
  const code = codeOf(error) ?? ''
  if (/^[0-9A-Z]{5}$/.test(code) && field(error, 'severity') !== undefined) {
    return bySqlState[code] ?? bySqlClass[code.slice(0, 2)] ?? unexpected
  }
  // A system call's: ECONNREFUSED, ETIMEDOUT, ENOTFOUND, EAI_AGAIN, EPIPE, …
  if (/^E[A-Z_]+$/.test(code) && !code.startsWith('ERR_')) return unavailable
  return byMessage.find(([pattern]) => pattern.test(messageOf(error)))?.[1] ?? unexpected
}

function factsOf(error: unknown): Record<string, unknown> {
  const facts = { sqlState: codeOf(error), table: field(error, 'table'), column: field(error, 'column') }
  const named = { ...facts, constraint: field(error, 'constraint') }
  return Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined))
}

function field(error: unknown, name: string): unknown {
  return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined
}
