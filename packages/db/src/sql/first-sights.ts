import type { Queryable } from '../queryable.ts'

/** By which read a version was first seen; webhooks that bring one themselves are no sights. */
export type SightPath = 'incremental' | 'reconciliation' | 'ripple' | 'reread' | 'manual'

/** A version that a read brought before any webhook did. */
export interface FirstSight {
  readonly organization_id: string
  readonly entity_type: string
  readonly zoho_id: string
  readonly version: string
  readonly seen_by: SightPath
}

/**
 * Notes versions first seen by a read. Versions from before their type was watched are left out, and all of types that are
 * not: nobody could have received their webhooks.
 */
export async function insertFirstSights(tx: Queryable, sights: readonly FirstSight[]): Promise<void> {
  if (sights.length === 0) return
  await tx.query(
    `INSERT INTO tds_first_sights (organization_id, entity_type, zoho_id, version, seen_by)
     SELECT x.organization_id, w.entity_type, x.zoho_id, x.version, x.seen_by
       FROM json_to_recordset($1::json) AS x(organization_id text, entity_type text, zoho_id text, version timestamptz,
            seen_by text)
       JOIN tds_webhook_watches w ON w.organization_id = x.organization_id
                                 AND w.entity_type = x.entity_type::tds_entity_type
                                 AND w.watched_since <= x.version
      ORDER BY 1, 2, 3, 4
         ON CONFLICT DO NOTHING`,
    [JSON.stringify(sights)],
    { name: 'insert_first_sights' },
  )
}

/** What judging came to, by type. */
export interface JudgedSights {
  readonly entity_type: string
  readonly judged: number
  readonly missed: number
}

/** A webhook that comes later than this after the first sight came too late. */
export const sightGraceMinutes = 10

/**
 * Judges, oldest first, what was first seen ten minutes ago and more: a webhook told of it if one names its version, or
 * names none and was received after that version was made. What nobody judged for a day is left unjudged, because the inbox
 * may have forgotten its webhook. Returns nothing when nothing was due.
 */
export async function judgeFirstSights(tx: Queryable, limit: number): Promise<JudgedSights[]> {
  const { rows } = await tx.query<JudgedSights>(
    `WITH due AS MATERIALIZED (
       SELECT organization_id, entity_type, zoho_id, version, seen_at,
              seen_at + make_interval(mins => ${String(sightGraceMinutes)}) AS closes_at
         FROM tds_first_sights
        WHERE judged_at IS NULL AND seen_at <= tds_now() - make_interval(mins => ${String(sightGraceMinutes)})
          AND seen_at > tds_now() - interval '1 day'
        ORDER BY seen_at LIMIT $1
          FOR UPDATE SKIP LOCKED
     ), told AS (
       SELECT due.*,
              min(e.received_at) FILTER (WHERE e.source_version = due.version) AS named_at,
              min(e.received_at) FILTER (WHERE e.source_version IS NULL
                                           AND e.received_at > due.version - interval '5 seconds') AS hinted_at
         FROM due
         LEFT JOIN tds_inbox_events e ON e.entity_type = due.entity_type AND e.source_entity_id = due.zoho_id
                                     AND e.organization_id = due.organization_id AND e.received_at <= due.closes_at
                                     AND e.source_type = 'zoho' AND e.replay_of IS NULL
        GROUP BY due.organization_id, due.entity_type, due.zoho_id, due.version, due.seen_at, due.closes_at
     ), judged AS (
       UPDATE tds_first_sights s SET judged_at = tds_now(), webhook_at = least(told.named_at, told.hinted_at)
         FROM told
        WHERE s.organization_id = told.organization_id AND s.entity_type = told.entity_type
          AND s.zoho_id = told.zoho_id AND s.version = told.version
       RETURNING s.organization_id, s.entity_type, s.seen_at, told.named_at, s.webhook_at
     ), counted AS (
       INSERT INTO tds_webhook_counts AS c (organization_id, entity_type, hour, versions_hinted, versions_missed)
       SELECT organization_id, entity_type, date_bin('1 hour', seen_at, 'epoch'),
              count(*) FILTER (WHERE named_at IS NULL AND webhook_at IS NOT NULL),
              count(*) FILTER (WHERE webhook_at IS NULL)
         FROM judged GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
           ON CONFLICT (organization_id, entity_type, hour) DO UPDATE
          SET versions_hinted = c.versions_hinted + excluded.versions_hinted,
              versions_missed = c.versions_missed + excluded.versions_missed
     )
     SELECT entity_type, count(*)::int AS judged, (count(*) FILTER (WHERE webhook_at IS NULL))::int AS missed
       FROM judged GROUP BY 1 ORDER BY 1`,
    [limit],
    { name: 'judge_first_sights' },
  )
  return rows
}
