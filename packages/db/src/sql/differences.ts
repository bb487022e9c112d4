import type { Queryable } from '../queryable.ts'
import type { OwedReadKey } from './owed-reads.ts'

/** How mirror and source differ, in the order in which a list of them is usually read. */
export const differenceClasses = [
  'missing_here',
  'missing_in_zoho',
  'stale',
  'different',
  'ahead',
  'damaged',
  'deleted_here',
  'duplicate',
  'unreadable',
  'changed_meanwhile',
] as const

/** One of {@link differenceClasses}. */
export type DifferenceClass = (typeof differenceClasses)[number]

/** What became of a difference; the last three are final. */
export const differenceStates = ['found', 'confirming', 'held', 'repaired', 'agreed', 'left'] as const

/** One of {@link differenceStates}. */
export type DifferenceState = (typeof differenceStates)[number]

/** A difference to keep. JSON as text, times as Postgres writes them. */
export interface NewDifference {
  readonly zohoId: string
  readonly class: DifferenceClass
  readonly probableCause: string
  readonly fields: readonly string[]
  readonly ours: string | null
  readonly theirs: string | null
  readonly ourRevision: number
  readonly ourVersion: string | null
  readonly theirVersion: string | null
  readonly state: DifferenceState
  readonly note: string | null
}

/** Of which run, organisation and type differences are. */
export interface DifferenceOwner {
  readonly runId: string
  readonly organizationId: string
  readonly entityType: string
}

const open = `('found', 'confirming', 'held')`

/**
 * Keeps differences of a run. An open one of an earlier run about the same record ends: the later look counts. Where the
 * same run found the record twice, the first finding stays.
 */
export async function insertDifferences(
  tx: Queryable,
  owner: DifferenceOwner,
  differences: readonly NewDifference[],
): Promise<void> {
  if (differences.length === 0) return
  const { runId, organizationId, entityType } = owner
  const key = [organizationId, entityType, runId]
  await tx.query(
    `UPDATE tds_reconciliation_differences
        SET state = 'left', note = 'found again by a later run', settled_at = tds_now()
      WHERE organization_id = $1 AND entity_type = $2::tds_entity_type AND run_id <> $3::uuid
        AND state IN ${open} AND zoho_id = ANY ($4::text[])`,
    [...key, differences.filter(isOpen).map(({ zohoId }) => zohoId)],
  )
  await tx.query(
    `INSERT INTO tds_reconciliation_differences (organization_id, entity_type, run_id, zoho_id, class, probable_cause,
            fields, ours, theirs, our_revision, our_version, their_version, state, note, settled_at)
     SELECT $1, $2::tds_entity_type, $3::uuid, x."zohoId", x.class, x."probableCause",
            x.fields, x.ours::jsonb, x.theirs::jsonb, x."ourRevision", x."ourVersion", x."theirVersion", x.state, x.note,
            CASE WHEN x.state NOT IN ${open} THEN tds_now() END
       FROM json_to_recordset($4::json) AS x("zohoId" text, class text, "probableCause" text, fields text[], ours text,
            theirs text, "ourRevision" integer, "ourVersion" timestamptz, "theirVersion" timestamptz, state text, note text)
      ORDER BY x."zohoId"
         ON CONFLICT (organization_id, entity_type, zoho_id) WHERE state IN ${open} DO NOTHING`,
    [...key, JSON.stringify(differences)],
  )
}

function isOpen({ state }: NewDifference): boolean {
  return state === 'found' || state === 'confirming' || state === 'held'
}

/** An open difference with what was remembered of its first read. */
export interface OpenDifference {
  readonly id: string
  readonly run_id: string
  readonly class: DifferenceClass
  readonly our_revision: number
  readonly our_version: string | null
  readonly their_version: string | null
  readonly tries: number
  readonly first_read_at: string | null
  readonly first_answer: string | null
  readonly first_revision: number | null
  readonly first_deleted_at: string | null
}

/**
 * The open difference of a record, or null. Holds its run as well, so that a certificate that is being issued counts either
 * before or after what becomes of it.
 */
export async function lockDifference(tx: Queryable, key: OwedReadKey): Promise<OpenDifference | null> {
  const { rows } = await tx.query<OpenDifference>(
    `SELECT d.id, d.run_id, d.class, d.our_revision, d.our_version, d.their_version, d.tries, d.first_read_at,
            d.first_answer, d.first_revision, d.first_deleted_at
       FROM tds_reconciliation_differences d
      WHERE d.organization_id = $1 AND d.entity_type = $2::tds_entity_type AND d.zoho_id = $3 AND d.state IN ${open}
        FOR UPDATE`,
    [key.organizationId, key.entityType, key.zohoId],
    { name: 'lock_difference' },
  )
  const [found] = rows
  if (found === undefined) return null
  // One after the other, and not beside the end of the run: a certificate counted without seeing another's repair would stay so.
  await tx.query('SELECT FROM tds_sync_runs WHERE id = $1::uuid FOR NO KEY UPDATE', [found.run_id])
  return found
}

/** What the first of two reads said, and how the row stood. */
export interface FirstRead {
  readonly readAt: string
  readonly answer: string
  readonly revision: number
  readonly deletedAt: string | null
}

/** Remembers a first read; the difference then waits for a second that agrees. */
export async function rememberFirstRead(tx: Queryable, id: string, first: FirstRead): Promise<void> {
  await tx.query(
    `UPDATE tds_reconciliation_differences
        SET state = 'confirming', tries = tries + 1, first_read_at = $2::timestamptz, first_answer = $3,
            first_revision = $4, first_deleted_at = $5::timestamptz
      WHERE id = $1::bigint`,
    [id, first.readAt, first.answer, first.revision, first.deletedAt],
  )
}

/** Ends a difference, and moves the counts of its run's certificate, where there is one already. */
export async function endDifference(
  tx: Queryable,
  difference: { readonly id: string; readonly run_id: string },
  o: { readonly state: 'repaired' | 'agreed' | 'left'; readonly note: string | null },
): Promise<void> {
  await tx.query(
    `UPDATE tds_reconciliation_differences SET state = $2, note = $3, settled_at = tds_now() WHERE id = $1::bigint`,
    [difference.id, o.state, o.note],
  )
  await recountCertificate(tx, difference.run_id)
}

/**
 * Ends the open differences of earlier runs that a complete run did not find again, where no read is owed that will.
 * Returns how many.
 */
export async function endVanishedDifferences(tx: Queryable, owner: DifferenceOwner): Promise<number> {
  const { rows } = await tx.query<{ run_id: string }>(
    `UPDATE tds_reconciliation_differences d
        SET state = 'agreed', note = 'a later run found none', settled_at = tds_now()
      WHERE d.organization_id = $1 AND d.entity_type = $2::tds_entity_type AND d.run_id <> $3::uuid AND d.state IN ${open}
        AND NOT EXISTS (SELECT FROM tds_owed_reads r
                         WHERE r.organization_id = d.organization_id AND r.entity_type = d.entity_type
                           AND r.zoho_id = d.zoho_id)
        AND NOT EXISTS (SELECT FROM tds_reconciliation_differences n
                         WHERE n.run_id = $3::uuid AND n.zoho_id = d.zoho_id)
     RETURNING d.run_id`,
    [owner.organizationId, owner.entityType, owner.runId],
  )
  for (const runId of new Set(rows.map((row) => row.run_id))) await recountCertificate(tx, runId)
  return rows.length
}

/** Counts of a run's differences that are differences still, and of those repaired. */
const counted = `SELECT count(DISTINCT zoho_id) FILTER (WHERE state <> 'agreed') AS different,
            count(DISTINCT zoho_id) FILTER (WHERE state = 'repaired') AS repaired
       FROM tds_reconciliation_differences WHERE run_id = $1::uuid AND class <> 'changed_meanwhile'`

async function recountCertificate(tx: Queryable, runId: string): Promise<void> {
  await tx.query(
    `UPDATE tds_certificates c
        SET different = n.different, repaired = n.repaired, "left" = n.different - n.repaired,
            equal = c.compared - n.different
       FROM (${counted}) n
      WHERE c.run_id = $1::uuid`,
    [runId],
  )
}

/** Counts a run's differences, by what became of them. */
export async function countDifferences(
  db: Queryable,
  runId: string,
): Promise<{ different: number; repaired: number }> {
  const { rows } = await db.query<{ different: string; repaired: string }>(counted, [runId])
  const [row] = rows
  return { different: Number(row?.different ?? 0), repaired: Number(row?.repaired ?? 0) }
}

/** Which differences to list; what is left out does not narrow. */
export interface DifferenceFilter {
  readonly runId?: string | undefined
  readonly organizationId?: string | undefined
  readonly entityType?: string | undefined
  readonly classes?: readonly DifferenceClass[] | undefined
  readonly states?: readonly DifferenceState[] | undefined
  /** Goes on after this id. */
  readonly after?: string | undefined
}

/** A difference as people read it. JSON as text. */
export interface StoredDifference {
  readonly id: string
  readonly run_id: string
  readonly organization_id: string
  readonly entity_type: string
  readonly zoho_id: string
  readonly class: DifferenceClass
  readonly probable_cause: string
  readonly fields: readonly string[]
  readonly ours: string | null
  readonly theirs: string | null
  readonly our_version: string | null
  readonly their_version: string | null
  readonly state: DifferenceState
  readonly note: string | null
  readonly found_at: string
  readonly settled_at: string | null
}

/** Lists differences in the order found. */
export async function listDifferences(
  db: Queryable,
  filter: DifferenceFilter,
  limit: number,
): Promise<StoredDifference[]> {
  const { rows } = await db.query<StoredDifference>(
    `SELECT id, run_id, organization_id, entity_type, zoho_id, class, probable_cause, fields, ours, theirs, our_version,
            their_version, state, note, found_at, settled_at
       FROM tds_reconciliation_differences
      WHERE ($1::uuid IS NULL OR run_id = $1::uuid) AND ($2::text IS NULL OR organization_id = $2)
        AND ($3::tds_entity_type IS NULL OR entity_type = $3::tds_entity_type) AND ($4::text[] IS NULL OR class = ANY ($4::text[]))
        AND ($5::text[] IS NULL OR state = ANY ($5::text[])) AND id > coalesce($6::bigint, 0)
      ORDER BY id LIMIT $7`,
    [
      filter.runId ?? null,
      filter.organizationId ?? null,
      filter.entityType ?? null,
      filter.classes ?? null,
      filter.states ?? null,
      filter.after ?? null,
      limit,
    ],
  )
  return rows
}
