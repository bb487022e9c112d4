import type { Queryable } from '../queryable.ts'
import { patientList, type OwedReadKey, type ReadReason } from './owed-reads.ts'

/** Lets the transaction join whole tables, which a connection of look-ups by key otherwise never does (`keyedLookups`). */
export async function planFreely(tx: Queryable): Promise<void> {
  await tx.query(
    'SET LOCAL enable_hashjoin = on; SET LOCAL enable_mergejoin = on; SET LOCAL enable_seqscan = on',
  )
}

/** What a dead worker left in its hands: one row per claim. */
export interface AbandonedClaim {
  readonly id: string
  readonly event_ids: readonly string[]
  readonly alone: boolean
  /** The worker is known to have died; a living one merely lost its claim to a fault of the database. */
  readonly died: boolean
}

/** Seconds without a heartbeat after which a daemon counts as dead; it beats every five. */
const deadAfterSeconds = 20

/**
 * Takes the expired claims away, holding them from other sweepers until the transaction ends. While a worker has beaten only
 * lately it is not known whether it lives: its claim stays until it would have beaten again, or a death late in the claim
 * would never be counted.
 */
export async function takeAbandonedClaims(tx: Queryable): Promise<AbandonedClaim[]> {
  const { rows } = await tx.query<AbandonedClaim>(
    `WITH expired AS MATERIALIZED (
       SELECT w.id, w.expires_at,
              NOT EXISTS (SELECT FROM tds_daemons d
                           WHERE d.id = w.daemon_id AND d.stopped_at IS NULL
                             AND d.beat_at > tds_now() - make_interval(secs => $1)) AS died
         FROM tds_work_claims w
        WHERE w.expires_at < tds_now()
        ORDER BY w.expires_at
          FOR UPDATE OF w SKIP LOCKED
     ), abandoned AS (
       SELECT id, died FROM expired
        WHERE died OR expires_at < tds_now() - make_interval(secs => $1)
        ORDER BY expires_at
        LIMIT 100
     )
     DELETE FROM tds_work_claims c USING abandoned a WHERE c.id = a.id
     RETURNING c.id, c.event_ids, c.alone, a.died`,
    [deadAfterSeconds],
  )
  return rows
}

/**
 * Marks events that were in flight when a worker died: from now on they run alone. One that already ran alone has a death
 * counted against it. Returns the events that still wait, with their deaths.
 */
export async function isolateEvents(
  tx: Queryable,
  ids: readonly string[],
  o: { readonly countsDeath: boolean },
): Promise<{ readonly id: string; readonly deaths: number }[]> {
  const { rows } = await tx.query<{ id: string; deaths: number }>(
    `UPDATE tds_inbox_events SET isolated = true, deaths = deaths + $2::int
      WHERE id = ANY($1::uuid[]) AND status IN ('pending', 'retry') AND NOT awaiting_read
     RETURNING id, deaths`,
    [ids, o.countsDeath ? 1 : 0],
  )
  return rows
}

/**
 * A job that carries something: it waits, or is in the hands of a worker that lives. The queue gives the jobs of the dead
 * back within seconds; what it has not given back half a minute later it may never give back.
 */
const carries = `(j.state < 'active' OR j.state = 'active'
                   AND j.started_on + j.expire_seconds * interval '1 second' > clock_timestamp() - interval '30 seconds'
                   AND coalesce(j.heartbeat_on + j.heartbeat_seconds * interval '1 second', 'infinity') > clock_timestamp() - interval '30 seconds')`

/** Events that wait, are due, and that no job carries: what the queue lost, never got or does not give back. */
export async function eventsWithoutJob(tx: Queryable, limit: number): Promise<string[]> {
  const { rows } = await tx.query<{ id: string }>(
    `SELECT e.id FROM tds_inbox_events e
      WHERE e.status IN ('pending', 'retry') AND NOT e.awaiting_read
        AND e.received_at < tds_now() - interval '20 seconds'
        AND (e.next_attempt_at IS NULL OR e.next_attempt_at < tds_now() - interval '20 seconds')
        AND e.id NOT IN (SELECT unnest(c.event_ids) FROM tds_work_claims c)
        AND NOT EXISTS (SELECT FROM pgboss.job j, jsonb_array_elements_text(j.data->'eventIds') AS carried(event_id)
                         WHERE j.name = 'apply-events' AND ${carries} AND carried.event_id = e.id::text)
      ORDER BY e.received_at
      LIMIT $1`,
    [limit],
  )
  return rows.map((row) => row.id)
}

/** Reads that are due and that no job carries and no daemon holds, freed from holders whose time is over. Patient reads need no job. */
export async function readsWithoutJob(
  tx: Queryable,
  limit: number,
): Promise<(OwedReadKey & { readonly reason: ReadReason })[]> {
  const { rows } = await tx.query<OwedReadKey & { reason: ReadReason }>(
    `SELECT r.organization_id AS "organizationId", r.entity_type AS "entityType", r.zoho_id AS "zohoId", r.reason
       FROM tds_owed_reads r
      WHERE r.due_at < tds_now() - interval '5 seconds' AND r.reason NOT IN (${patientList})
        AND (r.claimed_by IS NULL OR r.claim_expires_at < tds_now())
        AND NOT EXISTS (SELECT FROM pgboss.job j
                         WHERE j.name = 'read-record' AND ${carries}
                           AND j.data->>'zohoId' = r.zoho_id AND j.data->>'entityType' = r.entity_type::text
                           AND j.data->>'organizationId' = r.organization_id)
      ORDER BY r.due_at
      LIMIT $1`,
    [limit],
  )
  return rows
}

/** Events that await a read which nobody owes any more; they ask again. */
export async function eventsWithoutRead(
  tx: Queryable,
  limit: number,
): Promise<(OwedReadKey & { readonly eventId: string })[]> {
  const { rows } = await tx.query<OwedReadKey & { eventId: string }>(
    `SELECT e.organization_id AS "organizationId", e.entity_type AS "entityType", e.source_entity_id AS "zohoId",
            e.id AS "eventId"
       FROM tds_inbox_events e
      WHERE e.awaiting_read
        AND NOT EXISTS (SELECT FROM tds_owed_reads r
                         WHERE r.organization_id = e.organization_id AND r.entity_type = e.entity_type
                           AND r.zoho_id = e.source_entity_id)
      LIMIT $1`,
    [limit],
  )
  return rows
}

/** Lets one sweeper at a time through; the others' passes do nothing. Ends with the transaction. */
export async function holdSweep(tx: Queryable): Promise<boolean> {
  const { rows } = await tx.query<{ held: boolean }>(
    `SELECT pg_try_advisory_xact_lock(hashtext('tds.sweep')) AS held`,
  )
  return rows[0]?.held ?? false
}
