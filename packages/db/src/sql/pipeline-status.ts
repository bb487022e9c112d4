import type { Queryable } from '../queryable.ts'
import { patientList } from './owed-reads.ts'

/** How events fare, by what became of them; ages in seconds by the database's clock, null where there is nothing. */
export interface PipelineStatus {
  readonly waiting: number
  /** Without those that the deletion fuse holds: they wait for a person, and have a check of their own. */
  readonly oldest_waiting_seconds: number | null
  readonly quarantined: number
  readonly open_dead_letters: number
  readonly oldest_dead_letter_seconds: number | null
  /** The age from which on the oldest is too old: the setting `dead_letter_age_hours`. */
  readonly dead_letter_limit_seconds: number
  readonly finished_last_hour: number
  readonly succeeded_last_hour: number
  readonly workers_alive: number
  readonly alerters_alive: number
  readonly owed_reads: number
  /** Of reads that an event or an incomplete row waits for: since it was due; where it has failed, since it was first asked for. */
  readonly oldest_owed_read_seconds: number | null
  /** Of reads that nothing waits for. */
  readonly oldest_patient_read_seconds: number | null
}

/**
 * So many waiting events are counted one by one. Where there are more, their number is the sum of the counters since the day
 * of the oldest: what was received before it is final, so that its counters add up to none. Counting a large backlog would
 * take the longest just when it is asked for most. (The day, because old counters are summed to days; the upper bound,
 * because only of a range the planner assumes that it is small.)
 */
const fewWaiting = 10_000

/**
 * Reads the state of the whole path in one statement over small indexes, so that health can ask often. A daemon is alive
 * unless it has been silent for so many seconds.
 */
export async function pipelineStatus(
  db: Queryable,
  silent: { readonly workerSeconds: number; readonly alerterSeconds: number },
): Promise<PipelineStatus> {
  const { rows } = await db.query<PipelineStatus>(
    `WITH few AS MATERIALIZED (
       SELECT count(*)::int AS events, min(received_at) AS oldest
         FROM (SELECT received_at FROM tds_inbox_events WHERE status IN ('pending', 'processing', 'retry')
                ORDER BY received_at LIMIT ${String(fewWaiting)}) w
     )
     SELECT CASE WHEN few.events < ${String(fewWaiting)} THEN few.events
                 ELSE greatest(few.events,
                               (SELECT sum(events)::int FROM tds_event_counts
                                 WHERE minute >= (SELECT date_bin('1 day', oldest, 'epoch') FROM few) AND minute < 'infinity'
                                   AND status IN ('pending', 'processing', 'retry')))
            END AS waiting,
            (SELECT extract(epoch FROM tds_now() - min(e.received_at))::float8 FROM tds_inbox_events e
              WHERE e.status IN ('pending', 'processing', 'retry')
                AND NOT (e.awaiting_read
                         AND EXISTS (SELECT FROM tds_held_deletions h
                                      WHERE h.organization_id = e.organization_id AND h.entity_type = e.entity_type
                                        AND h.zoho_id = e.source_entity_id AND h.released_at IS NULL)))
              AS oldest_waiting_seconds,
            (SELECT count(*)::int FROM tds_inbox_events WHERE status = 'quarantined') AS quarantined,
            (SELECT count(*)::int FROM tds_dead_letter_queue WHERE status = 'open') AS open_dead_letters,
            (SELECT extract(epoch FROM tds_now() - min(created_at))::float8 FROM tds_dead_letter_queue
              WHERE status = 'open') AS oldest_dead_letter_seconds,
            coalesce((SELECT (config_value #>> '{}')::float8 * 3600 FROM tds_configuration
                       WHERE config_key = 'dead_letter_age_hours' AND is_active AND value_type = 'number'), 86400)
              AS dead_letter_limit_seconds,
            coalesce(c.finished, 0)::int AS finished_last_hour, coalesce(c.succeeded, 0)::int AS succeeded_last_hour,
            (SELECT count(*)::int FROM tds_daemons
              WHERE name = 'worker' AND stopped_at IS NULL AND beat_at > tds_now() - make_interval(secs => $1)) AS workers_alive,
            (SELECT count(*)::int FROM tds_daemons
              WHERE name = 'alerter' AND stopped_at IS NULL AND beat_at > tds_now() - make_interval(secs => $2)) AS alerters_alive,
            (SELECT count(*)::int FROM tds_owed_reads) AS owed_reads,
            (SELECT extract(epoch FROM tds_now() - min(overdue.since))::float8
               FROM (SELECT CASE WHEN attempts > 0 THEN first_requested_at ELSE due_at END AS since
                       FROM tds_owed_reads WHERE reason NOT IN (${patientList})) overdue
              WHERE overdue.since < tds_now()) AS oldest_owed_read_seconds,
            (SELECT extract(epoch FROM tds_now() - min(due_at))::float8 FROM tds_owed_reads
              WHERE due_at < tds_now() AND reason IN (${patientList})) AS oldest_patient_read_seconds
       FROM (SELECT sum(events) FILTER (WHERE status IN ('applied', 'unchanged', 'stale', 'dead_letter')) AS finished,
                    sum(events) FILTER (WHERE status IN ('applied', 'unchanged', 'stale')) AS succeeded
               FROM tds_event_counts WHERE minute > tds_now() - interval '1 hour') c
      CROSS JOIN few`,
    [silent.workerSeconds, silent.alerterSeconds],
    { name: 'pipeline_status' },
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('pipeline_status gave no row')
  return row
}
