import type { Queryable } from '../queryable.ts'

/** What people do not want to be told of for a while; times as Postgres prints them, `matchers` as JSON text. */
export interface StoredSilence {
  readonly id: string
  readonly matchers: string
  readonly starts_at: string
  readonly ends_at: string
  readonly author: string
  readonly reason: string
  readonly created_at: string
  readonly replaces: string | null
  readonly ended_by: string | null
  readonly state: 'pending' | 'active' | 'expired'
}

const columns = `id, matchers, starts_at, ends_at, author, reason, created_at, replaces, ended_by,
  CASE WHEN tds_now() < starts_at THEN 'pending' WHEN tds_now() < ends_at THEN 'active' ELSE 'expired' END AS state`

/** Those in force now. */
export async function activeSilences(db: Queryable): Promise<StoredSilence[]> {
  const { rows } = await db.query<StoredSilence>(
    `SELECT ${columns} FROM tds_silences WHERE starts_at <= tds_now() AND ends_at > tds_now() ORDER BY created_at, id`,
  )
  return rows
}

/** Lists silences, the newest first; those that are over only where asked for. */
export async function listSilences(
  db: Queryable,
  o: { readonly expired: boolean; readonly limit: number },
): Promise<StoredSilence[]> {
  const { rows } = await db.query<StoredSilence>(
    `SELECT ${columns} FROM tds_silences WHERE $1 OR ends_at > tds_now() ORDER BY created_at DESC, id LIMIT $2`,
    [o.expired, o.limit],
  )
  return rows
}

/** Makes a silence and returns it. */
export async function insertSilence(
  tx: Queryable,
  o: {
    /** JSON text. */
    readonly matchers: string
    /** ISO 8601; null for now. */
    readonly startsAt: string | null
    readonly endsAt: string
    readonly author: string
    readonly reason: string
  },
): Promise<StoredSilence> {
  const { rows } = await tx.query<StoredSilence>(
    `INSERT INTO tds_silences (matchers, starts_at, ends_at, author, reason)
     VALUES ($1::jsonb, coalesce($2::timestamptz, tds_now()), $3::timestamptz, $4, $5) RETURNING ${columns}`,
    [o.matchers, o.startsAt, o.endsAt, o.author, o.reason],
  )
  const [made] = rows
  if (made === undefined) throw new RangeError('a silence that was just made is not there')
  return made
}

/** Reads a silence and keeps everybody else from it until the transaction ends; null where there is none. */
export async function lockSilence(tx: Queryable, id: string): Promise<StoredSilence | null> {
  const { rows } = await tx.query<StoredSilence>(
    `SELECT ${columns} FROM tds_silences WHERE id = $1 FOR UPDATE`,
    [id],
  )
  return rows[0] ?? null
}

/**
 * Ends a silence now; null where it is over already, or there is none. One that had not begun never kept anything quiet:
 * nobody has to notice its end.
 */
export async function endSilence(tx: Queryable, id: string, by: string): Promise<StoredSilence | null> {
  const { rows } = await tx.query<StoredSilence>(
    `UPDATE tds_silences
        SET starts_at = least(starts_at, tds_now()), ends_at = tds_now(), ended_by = $2, version = version + 1,
            closed_at = CASE WHEN starts_at > tds_now() THEN tds_now() END
      WHERE id = $1 AND ends_at > tds_now() RETURNING ${columns}`,
    [id, by],
  )
  return rows[0] ?? null
}

/** Silences whose end nobody has noticed yet; each is returned once. */
export async function closeEndedSilences(tx: Queryable): Promise<StoredSilence[]> {
  const { rows } = await tx.query<StoredSilence>(
    `UPDATE tds_silences SET closed_at = tds_now() WHERE ends_at <= tds_now() AND closed_at IS NULL RETURNING ${columns}`,
  )
  return rows
}
