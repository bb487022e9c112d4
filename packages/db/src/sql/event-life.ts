import type { Queryable } from '../queryable.ts'

/** One step in the life of an event, whatever wrote it down. */
export interface LifeStep {
  readonly at: string
  readonly kind: 'attempt' | 'change' | 'dead_letter' | 'operator' | 'correction'
  /** What happened, in one word of the table it comes from. */
  readonly what: string
  readonly by: string | null
  readonly detail: string | null
}

/**
 * What happened to one event after it was received, oldest first. Log and audit trail are asked by the event's record, for which
 * they have indexes, and the log also for what was noted before the record was known.
 */
export async function eventLife(db: Queryable, id: string): Promise<LifeStep[]> {
  const { rows } = await db.query<LifeStep>(
    `WITH event AS MATERIALIZED (
       SELECT organization_id, entity_type, source_entity_id FROM tds_inbox_events WHERE id = $1::uuid
     ), attempt AS (
       SELECT l.* FROM event e
         JOIN tds_sync_logs l ON l.entity_type = e.entity_type AND l.source_entity_id = e.source_entity_id
       UNION ALL
       SELECT l.* FROM event e JOIN tds_sync_logs l ON l.entity_type = e.entity_type AND l.source_entity_id IS NULL
     )
     SELECT at, kind, what, "by", detail FROM (
       SELECT logged_at AS at, 'attempt' AS kind, outcome AS what, worker_id::text AS "by",
              concat_ws(': ', error_code, coalesce(error_message, detail->>'why')) AS detail, id AS place
         FROM attempt WHERE event_id = $1::uuid
       UNION ALL
       SELECT a.changed_at, 'change', a.operation::text, a.actor,
              concat(a.entity_type, ' ', a.entity_id, ' (', array_to_string(a.changed_fields, ', '), ')'), a.position
         FROM event e
         JOIN tds_audit_trail a ON a.organization_id = e.organization_id AND a.entity_type = e.entity_type
                               AND a.entity_id = e.source_entity_id
        WHERE a.event_id = $1::uuid
       UNION ALL
       SELECT created_at, 'dead_letter', status, resolved_by, concat_ws(': ', error_code, failure_reason), 0
         FROM tds_dead_letter_queue WHERE event_ids @> ARRAY[$1::uuid] OR event_id = $1::uuid
       UNION ALL
       SELECT acted_at, 'operator', action, actor, reason, id
         FROM tds_operator_actions WHERE subject = $1::text
       UNION ALL
       SELECT received_at, 'correction', status::text, NULL, id::text, 0
         FROM tds_inbox_events WHERE replay_of = $1::uuid
     ) life
     ORDER BY at, kind, place`,
    [id],
  )
  return rows
}

/** The last thing that a person did to an event; null where nobody did anything. */
export async function lastActionOn(
  db: Queryable,
  subject: string,
): Promise<{ readonly actor: string; readonly action: string; readonly acted_at: string } | null> {
  const { rows } = await db.query<{ actor: string; action: string; acted_at: string }>(
    `SELECT actor, action, acted_at FROM tds_operator_actions
      WHERE subject = $1 AND action LIKE 'quarantine.%' ORDER BY id DESC LIMIT 1`,
    [subject],
  )
  return rows[0] ?? null
}

/** A person's last action of one kind on something. */
export interface LastAction {
  readonly id: string
  readonly subject: string
  readonly acted_at: string
}

/** The last action of this kind on each of the subjects. */
export async function lastActionsOn(
  db: Queryable,
  o: { readonly action: string; readonly subjects: readonly string[] },
): Promise<LastAction[]> {
  const { rows } = await db.query<LastAction>(
    `SELECT DISTINCT ON (subject) id, subject, acted_at FROM tds_operator_actions
      WHERE subject = ANY($2::text[]) AND action = $1 ORDER BY subject, id DESC`,
    [o.action, o.subjects],
  )
  return rows
}
