import type { Queryable } from '../queryable.ts'

/** What is left in each bucket of a receiver, and when that was counted, in milliseconds since 1970. */
export type StoredTokens = Readonly<Record<string, { readonly left: number; readonly atMs: number }>>

/** How a way to people is doing; times are counted from the database's now. */
export interface StoredReceiverState {
  readonly integration: string
  /** Milliseconds for which its provider takes nothing; null where it does. */
  readonly paused_ms: number | null
  readonly broken_since: string | null
  readonly failures: number
  readonly last_success_at: string | null
  readonly last_error: string | null
  readonly last_error_at: string | null
  readonly address: string | null
  /** Of the settings with which it works; null where it never did. */
  readonly settings_mark: string | null
  readonly tokens: StoredTokens
  readonly now_ms: number
}

const columns = `integration, CASE WHEN paused_until > tds_now()
    THEN (extract(epoch FROM paused_until - tds_now()) * 1000)::float8 END AS paused_ms,
  broken_since, failures, last_success_at, last_error, last_error_at, address, settings_mark, tokens,
  (extract(epoch FROM tds_now()) * 1000)::float8 AS now_ms`

/** All there are. */
export async function listReceiverStates(db: Queryable): Promise<StoredReceiverState[]> {
  const { rows } = await db.query<Row>(`SELECT ${columns} FROM tds_receiver_states ORDER BY 1`)
  return rows.map(read)
}

/** Reads one and keeps everybody else from it until the transaction ends; makes it where it is not there yet. */
export async function lockReceiverState(tx: Queryable, integration: string): Promise<StoredReceiverState> {
  const lock = async (): Promise<Row | undefined> => {
    const { rows } = await tx.query<Row>(
      `SELECT ${columns} FROM tds_receiver_states WHERE integration = $1 FOR UPDATE`,
      [integration],
    )
    return rows[0]
  }
  const found = await lock()
  if (found !== undefined) return read(found)
  await tx.query('INSERT INTO tds_receiver_states (integration) VALUES ($1) ON CONFLICT DO NOTHING', [
    integration,
  ])
  const made = await lock()
  if (made === undefined) throw new RangeError('a receiver state that was just made is not there')
  return read(made)
}

/** Writes what is left of its limits. */
export async function saveReceiverTokens(
  tx: Queryable,
  integration: string,
  tokens: StoredTokens,
): Promise<void> {
  await tx.query(
    'UPDATE tds_receiver_states SET tokens = $2::jsonb, version = version + 1 WHERE integration = $1',
    [integration, JSON.stringify(tokens)],
  )
}

/** Notes that it delivered something. */
export async function noteReceiverSuccess(tx: Queryable, integration: string): Promise<void> {
  await tx.query(
    `UPDATE tds_receiver_states
        SET failures = 0, broken_since = NULL, paused_until = NULL, last_success_at = tds_now(), version = version + 1
      WHERE integration = $1`,
    [integration],
  )
}

/** A failure of a receiver. */
export interface ReceiverFailure {
  readonly error: string
  /** For how long its provider wants nothing; null where only this message failed. */
  readonly pauseMs: number | null
  /** Whether it refuses us altogether. */
  readonly isBroken: boolean
}

/** Notes that it did not. */
export async function noteReceiverFailure(
  tx: Queryable,
  integration: string,
  failure: ReceiverFailure,
): Promise<void> {
  await tx.query(
    `UPDATE tds_receiver_states
        SET failures = failures + 1, last_error = $2, last_error_at = tds_now(), version = version + 1,
            paused_until = CASE WHEN $3::float8 IS NULL THEN paused_until
                                ELSE tds_now() + make_interval(secs => $3::float8 / 1000) END,
            broken_since = CASE WHEN $4 THEN coalesce(broken_since, tds_now()) ELSE broken_since END
      WHERE integration = $1`,
    [integration, failure.error, failure.pauseMs, failure.isBroken],
  )
}

/** Notes where its provider said that it has moved to. */
export async function saveReceiverAddress(
  tx: Queryable,
  integration: string,
  address: string,
): Promise<void> {
  await tx.query(
    'UPDATE tds_receiver_states SET address = $2, version = version + 1 WHERE integration = $1',
    [integration, address],
  )
}

/** Notes with what settings it works; true where they are others than before, and then it is tried as if it were new. */
export async function adoptReceiverSettings(
  db: Queryable,
  integration: string,
  mark: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `INSERT INTO tds_receiver_states AS state (integration, settings_mark) VALUES ($1, $2)
         ON CONFLICT (integration) DO UPDATE
        SET settings_mark = excluded.settings_mark, broken_since = NULL, paused_until = NULL, address = NULL,
            failures = 0, version = state.version + 1
      WHERE state.settings_mark IS DISTINCT FROM excluded.settings_mark`,
    [integration, mark],
  )
  return rowCount === 1
}

type Row = Omit<StoredReceiverState, 'tokens'> & { readonly tokens: string }

// jsonb comes as the text that Postgres wrote.
function read(row: Row): StoredReceiverState {
  return { ...row, tokens: JSON.parse(row.tokens) as StoredTokens }
}
