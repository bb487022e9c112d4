import type { Queryable } from '../queryable.ts'

/** One term of one holder in one duty. */
export interface LeaseTerm {
  readonly name: string
  readonly holder: string
  /** Counts the terms of the duty; as text, because it is a bigint. */
  readonly epoch: string
}

/**
 * Takes a lease that nobody holds any more, as a new term; null while somebody does. A holder may take its own again: an
 * answer that was lost must not lock it out. An end further ahead than any lease reaches is left over from a clock that
 * has been set back, and does not count.
 */
export async function takeLease(
  db: Queryable,
  o: { readonly name: string; readonly holder: string; readonly ttlSeconds: number },
): Promise<LeaseTerm | null> {
  const { rows } = await db.query<LeaseTerm>(
    `INSERT INTO tds_leases AS lease (name, holder, expires_at)
     VALUES ($1, $2::uuid, tds_now() + make_interval(secs => $3::float8))
         ON CONFLICT (name) DO UPDATE
        SET holder = excluded.holder, epoch = lease.epoch + 1, taken_at = tds_now(), renewed_at = tds_now(),
            expires_at = excluded.expires_at
      WHERE lease.holder = excluded.holder OR lease.expires_at <= tds_now()
         OR lease.expires_at > tds_now() + 2 * make_interval(secs => $3::float8)
     RETURNING name, holder, epoch`,
    [o.name, o.holder, o.ttlSeconds],
  )
  return rows[0] ?? null
}

/** Makes a term that is not over last longer. False where it is over, or somebody else's has begun: then it must be taken anew. */
export async function renewLease(db: Queryable, term: LeaseTerm, ttlSeconds: number): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE tds_leases SET renewed_at = tds_now(), expires_at = tds_now() + make_interval(secs => $4::float8)
      WHERE name = $1 AND holder = $2::uuid AND epoch = $3::bigint AND expires_at > tds_now()`,
    [term.name, term.holder, term.epoch, ttlSeconds],
  )
  return rowCount === 1
}

/** Ends a term before its time, so that the next holder need not wait for it. Another's term is left alone. */
export async function endLease(db: Queryable, term: LeaseTerm): Promise<void> {
  await db.query(
    `UPDATE tds_leases SET expires_at = tds_now() WHERE name = $1 AND holder = $2::uuid AND epoch = $3::bigint`,
    [term.name, term.holder, term.epoch],
  )
}

/**
 * Whether the term is still on, and keeps it so until the transaction ends: whoever wants to take the duty over waits for
 * it. Without that lock a take-over could fall between this look and the commit.
 */
export async function holdLease(tx: Queryable, term: LeaseTerm): Promise<boolean> {
  const { rowCount } = await tx.query(
    `SELECT FROM tds_leases
      WHERE name = $1 AND holder = $2::uuid AND epoch = $3::bigint AND expires_at > tds_now()
        FOR SHARE`,
    [term.name, term.holder, term.epoch],
  )
  return rowCount === 1
}
