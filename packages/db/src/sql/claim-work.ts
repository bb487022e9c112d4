import type { Queryable } from '../queryable.ts'

/** An event that a worker may process now. */
export interface ClaimedEvent {
  readonly id: string
  /** It was in flight when a worker died and must be run with nothing beside it. */
  readonly isolated: boolean
}

/** What a claim writes down: who works on which events, and until when nobody else should wonder. */
export interface WorkClaim {
  readonly claimId: string
  readonly daemonId: string
  readonly eventIds: readonly string[]
  readonly alone: boolean
  /** Seconds after which the claim counts as left behind by a dead worker. */
  readonly ttlSeconds: number
}

/**
 * Writes down, durably and before the work, which of the events a worker has in its hands, and returns them.
 * Events already finished or waiting for a read are left out; isolated ones are returned but only claimed when alone.
 */
export async function claimWork(db: Queryable, claim: WorkClaim): Promise<ClaimedEvent[]> {
  const { rows } = await db.query<ClaimedEvent>(
    `WITH workable AS (
       SELECT id, isolated FROM tds_inbox_events
        WHERE id = ANY($2::uuid[]) AND status IN ('pending', 'retry') AND NOT awaiting_read
     ), claimed AS (
       INSERT INTO tds_work_claims (id, daemon_id, event_ids, alone, claimed_at, expires_at)
       SELECT $1::uuid, $3::uuid, array_agg(id), $4, tds_now(), tds_now() + make_interval(secs => $5)
         FROM workable WHERE $4 OR NOT isolated
       HAVING count(*) > 0
     )
     SELECT id, isolated FROM workable`,
    [claim.claimId, claim.eventIds, claim.daemonId, claim.alone, claim.ttlSeconds],
    { name: 'claim_work' },
  )
  return rows
}

/** Removes the claim, after its events are applied: a crash before leaves it standing, one between leaves it for nothing. */
export async function releaseWork(db: Queryable, claimId: string): Promise<void> {
  await db.query('DELETE FROM tds_work_claims WHERE id = $1::uuid', [claimId], { name: 'release_work' })
}
