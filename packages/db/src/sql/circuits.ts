import type { Queryable } from '../queryable.ts'

/** `closed` lets every call out, `half_open` a growing number; the others one probe at a time, and differ in their cause. */
export type CircuitState = 'closed' | 'open' | 'half_open' | 'quota_exhausted' | 'token_refused'

/** Which service of which organisation. */
export interface CircuitKey {
  readonly organizationId: string
  readonly service: string
}

/** A circuit as the database has it; times are counted from its own now. */
export interface StoredCircuit {
  readonly organization_id: string
  readonly service: string
  readonly state: CircuitState
  /** As text, because it is a bigint; so are `opened` and `probes`. */
  readonly epoch: string
  readonly reason: string
  readonly changed_at: string
  readonly down_since: string | null
  readonly failures: number
  readonly opened: string
  readonly probes: string
  readonly ramp_step: number
  /** Milliseconds in this state. */
  readonly in_state_ms: number
  /** Milliseconds until the next probe is due, below 0 when it is overdue; null where calls go out anyway. */
  readonly probe_in_ms: number | null
  /** Milliseconds until another probe may replace the one that is out; null where none is. */
  readonly probe_out_ms: number | null
}

const columns = `organization_id, service, state, epoch, reason, changed_at, down_since, failures, opened, probes,
  ramp_step, (extract(epoch FROM tds_now() - changed_at) * 1000)::float8 AS in_state_ms,
  (extract(epoch FROM next_probe_at - tds_now()) * 1000)::float8 AS probe_in_ms,
  CASE WHEN probe_expires_at > tds_now() THEN (extract(epoch FROM probe_expires_at - tds_now()) * 1000)::float8 END
    AS probe_out_ms`

/** All circuits there are. */
export async function listCircuits(db: Queryable): Promise<StoredCircuit[]> {
  const { rows } = await db.query<StoredCircuit>(`SELECT ${columns} FROM tds_circuits ORDER BY 1, 2`)
  return rows
}

/** Reads a circuit; one that nobody has used yet is made, closed. */
export async function readCircuit(db: Queryable, key: CircuitKey): Promise<StoredCircuit> {
  const found = await findCircuit(db, key)
  if (found !== null) return found
  await db.query(
    'INSERT INTO tds_circuits (organization_id, service) VALUES ($1, $2) ON CONFLICT (organization_id, service) DO NOTHING',
    [key.organizationId, key.service],
  )
  const made = await findCircuit(db, key)
  if (made === null) throw new RangeError('a circuit that was just made is not there')
  return made
}

/** The same, and nobody changes it before the transaction ends; null where there is none. */
export async function lockCircuit(tx: Queryable, key: CircuitKey): Promise<StoredCircuit | null> {
  const { rows } = await tx.query<StoredCircuit>(
    `SELECT ${columns} FROM tds_circuits WHERE organization_id = $1 AND service = $2 FOR UPDATE`,
    [key.organizationId, key.service],
  )
  return rows[0] ?? null
}

async function findCircuit(db: Queryable, key: CircuitKey): Promise<StoredCircuit | null> {
  const { rows } = await db.query<StoredCircuit>(
    `SELECT ${columns} FROM tds_circuits WHERE organization_id = $1 AND service = $2`,
    [key.organizationId, key.service],
    { name: 'find_circuit' },
  )
  return rows[0] ?? null
}

/** What a circuit becomes. */
export interface CircuitChange {
  /** The change was decided on what was seen in this epoch; in a later one it does nothing. */
  readonly epoch: string
  readonly to: CircuitState
  readonly reason: string
  readonly failures: number
  /** Until the next probe; null where calls go out anyway. */
  readonly probeInMs: number | null
  /** Where a probe decides: it must still be the one that is out. */
  readonly probeId: string | null
}

/** Changes a circuit, or notes a probe that failed; null when something else has changed it before. */
export async function changeCircuit(
  db: Queryable,
  key: CircuitKey,
  change: CircuitChange,
): Promise<StoredCircuit | null> {
  const { rows } = await db.query<StoredCircuit>(
    `UPDATE tds_circuits
        SET epoch = epoch + 1, state = $4, reason = $5, failures = $6,
            changed_at = CASE WHEN state = $4 THEN changed_at ELSE tds_now() END,
            down_since = CASE WHEN $4 <> 'closed' THEN coalesce(down_since, tds_now()) END,
            opened = opened + CASE WHEN state = 'closed' AND $4 <> 'closed' THEN 1 ELSE 0 END,
            next_probe_at = tds_now() + make_interval(secs => $7::float8 / 1000),
            probe_id = NULL, probe_by = NULL, probe_expires_at = NULL,
            ramp_step = 0, ramp_window_at = tds_now(), ramp_used = 0, ramp_passed = 0
      WHERE organization_id = $1 AND service = $2 AND epoch = $3::bigint
        AND ($8::uuid IS NULL OR probe_id = $8::uuid)
     RETURNING ${columns}`,
    [
      key.organizationId,
      key.service,
      change.epoch,
      change.to,
      change.reason,
      change.failures,
      change.probeInMs,
      change.probeId,
    ],
    { name: 'change_circuit' },
  )
  return rows[0] ?? null
}

/** A probe that somebody wants to send. */
export interface ProbeWish {
  readonly epoch: string
  readonly probeId: string
  readonly daemonId: string
  /** How long after it is due this one leaves it to others. */
  readonly patienceMs: number
  /** From when on another may replace it, should its sender die. */
  readonly ttlMs: number
  /** No wait is ever longer: one that is was left over by a clock set back. */
  readonly longestWaitMs: number
}

/** Takes the one probe that is due for all daemons; null when it is too early, or another one is out. */
export async function takeProbe(
  db: Queryable,
  key: CircuitKey,
  wish: ProbeWish,
): Promise<StoredCircuit | null> {
  const { rows } = await db.query<StoredCircuit>(
    `UPDATE tds_circuits
        SET probe_id = $4::uuid, probe_by = $5::uuid, probes = probes + 1,
            probe_expires_at = tds_now() + make_interval(secs => $7::float8 / 1000)
      WHERE organization_id = $1 AND service = $2 AND epoch = $3::bigint AND next_probe_at IS NOT NULL
        AND (next_probe_at + make_interval(secs => $6::float8 / 1000) <= tds_now()
             OR next_probe_at > tds_now() + make_interval(secs => $8::float8 / 1000))
        AND (probe_id IS NULL OR probe_expires_at <= tds_now()
             OR probe_expires_at > tds_now() + 2 * make_interval(secs => $7::float8 / 1000))
     RETURNING ${columns}`,
    [
      key.organizationId,
      key.service,
      wish.epoch,
      wish.probeId,
      wish.daemonId,
      wish.patienceMs,
      wish.ttlMs,
      wish.longestWaitMs,
    ],
    { name: 'take_probe' },
  )
  return rows[0] ?? null
}

/** Gives a probe back that was not sent after all, so that the next who asks may send it. */
export async function returnProbe(db: Queryable, key: CircuitKey, probeId: string): Promise<void> {
  await db.query(
    `UPDATE tds_circuits SET probe_id = NULL, probe_by = NULL, probe_expires_at = NULL, probes = probes - 1
      WHERE organization_id = $1 AND service = $2 AND probe_id = $3::uuid`,
    [key.organizationId, key.service, probeId],
  )
}

/**
 * Takes one of the calls that a half-open circuit lets through in this second; null when they are all taken. A second
 * that begins after one in which a call went well lets twice as many through.
 */
export async function takeRampCall(
  db: Queryable,
  key: CircuitKey,
  epoch: string,
): Promise<StoredCircuit | null> {
  // One moment for all the comparisons: the clock moves on within a statement. Whoever waited for the row may find a
  // second that began after his moment; only one far ahead is left over from a clock that was set back.
  const { rows } = await db.query<StoredCircuit>(
    `WITH moment AS MATERIALIZED (SELECT tds_now() AS at)
     UPDATE tds_circuits
        SET ramp_step = ramp_step + CASE WHEN ramp_passed > 0 AND ${newSecond} THEN 1 ELSE 0 END,
            ramp_passed = CASE WHEN ${newSecond} THEN 0 ELSE ramp_passed END,
            ramp_used = CASE WHEN ${newSecond} THEN 1 ELSE ramp_used + 1 END,
            ramp_window_at = CASE WHEN ${newSecond} THEN at ELSE ramp_window_at END
       FROM moment
      WHERE organization_id = $1 AND service = $2 AND epoch = $3::bigint AND state = 'half_open'
        AND (${newSecond} OR ramp_used < 2 ^ ramp_step)
     RETURNING ${columns}`,
    [key.organizationId, key.service, epoch],
    { name: 'take_ramp_call' },
  )
  return rows[0] ?? null
}

const newSecond = `(ramp_window_at + interval '1 second' <= at OR ramp_window_at > at + interval '1 minute')`

/** Notes a call of a half-open circuit that went well; null when the circuit has changed since. */
export async function passRampCall(
  db: Queryable,
  key: CircuitKey,
  epoch: string,
): Promise<StoredCircuit | null> {
  const { rows } = await db.query<StoredCircuit>(
    `UPDATE tds_circuits SET ramp_passed = ramp_passed + 1
      WHERE organization_id = $1 AND service = $2 AND epoch = $3::bigint AND state = 'half_open'
     RETURNING ${columns}`,
    [key.organizationId, key.service, epoch],
    { name: 'pass_ramp_call' },
  )
  return rows[0] ?? null
}

/** Gives a call back that a half-open circuit let through and that was not made. */
export async function returnRampCall(db: Queryable, key: CircuitKey, epoch: string): Promise<void> {
  await db.query(
    `UPDATE tds_circuits SET ramp_used = greatest(0, ramp_used - 1)
      WHERE organization_id = $1 AND service = $2 AND epoch = $3::bigint AND state = 'half_open'`,
    [key.organizationId, key.service, epoch],
  )
}
