import type { Queryable } from '../queryable.ts'

/** How far the source's list of failed deliveries was read, and how that stands; ages in seconds by the database's clock. */
export interface LedgerSweep {
  readonly organization_id: string
  readonly read_until: string
  readonly handled: readonly string[]
  /** Null before the first time. */
  readonly tried_seconds: number | null
  readonly swept_seconds: number | null
  readonly last_error: string | null
  /** Seconds until it is asked for again; null where it is available. */
  readonly unavailable_for: number | null
  readonly failures: string
  readonly owed: string
  readonly unknown_modules: string
  /** Rows of the last sweep alone: nothing tells one unreadable row from another. */
  readonly unreadable: string
}

/** What one sweep came to. */
export interface LedgerStep {
  /** Null leaves it where it is. */
  readonly readUntil: string | null
  readonly handled: readonly string[]
  readonly complete: boolean
  readonly errorCode: string | null
  /** For how long nobody asks again. */
  readonly unavailableSeconds: number | null
  readonly calls: number
  readonly failures: number
  readonly owed: number
  readonly unknownModules: number
  readonly unreadable: number
}

const columns = `organization_id, read_until, handled, last_error, failures::text, owed::text, unknown_modules::text,
            unreadable::text, extract(epoch FROM tds_now() - tried_at)::float8 AS tried_seconds,
            extract(epoch FROM tds_now() - swept_at)::float8 AS swept_seconds,
            CASE WHEN unavailable_until > tds_now()
                 THEN extract(epoch FROM unavailable_until - tds_now())::float8 END AS unavailable_for`

/** Reads how the sweep of an organisation stands; one that was never begun begins now. */
export async function beginLedgerSweep(tx: Queryable, organizationId: string): Promise<LedgerSweep> {
  await tx.query(
    `INSERT INTO tds_ledger_sweeps (organization_id) VALUES ($1) ON CONFLICT (organization_id) DO NOTHING`,
    [organizationId],
  )
  const { rows } = await tx.query<LedgerSweep>(
    `SELECT ${columns} FROM tds_ledger_sweeps WHERE organization_id = $1`,
    [organizationId],
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('a sweep was begun and has no row')
  return row
}

/** How all sweeps stand. */
export async function ledgerSweeps(db: Queryable): Promise<LedgerSweep[]> {
  const { rows } = await db.query<LedgerSweep>(`SELECT ${columns} FROM tds_ledger_sweeps ORDER BY 1`, [], {
    name: 'ledger_sweeps',
  })
  return rows
}

/** Notes what a sweep came to, in the transaction that asks for its reads. */
export async function moveLedgerSweep(
  tx: Queryable,
  organizationId: string,
  step: LedgerStep,
): Promise<void> {
  await tx.query(
    `UPDATE tds_ledger_sweeps
        SET tried_at = tds_now(), read_until = greatest(read_until, $2::timestamptz), handled = $3::text[],
            swept_at = CASE WHEN $4 THEN tds_now() ELSE swept_at END, last_error = $5,
            unavailable_until = tds_now() + make_interval(secs => $6), calls = calls + $7, failures = failures + $8,
            owed = owed + $9, unknown_modules = unknown_modules + $10, unreadable = $11
      WHERE organization_id = $1`,
    [
      organizationId,
      step.readUntil,
      step.handled,
      step.complete,
      step.errorCode,
      step.unavailableSeconds,
      step.calls,
      step.failures,
      step.owed,
      step.unknownModules,
      step.unreadable,
    ],
  )
}
