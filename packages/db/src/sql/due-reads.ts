import type { Queryable } from '../queryable.ts'
import { patientList, rankOf, type OwedReadKey, type ReadReason } from './owed-reads.ts'

/** A read that is due and that nobody performs. */
export interface DueRead extends OwedReadKey {
  readonly reason: ReadReason
  /** It must not be read together with others. */
  readonly alone: boolean
  /** Seconds until its record may be read again, where it was read too often within an hour; null where it may be now. */
  readonly limitedSeconds: number | null
}

/** Reads of one record within an hour; those for which no event waits leave a third to those for which one does. */
export const readsPerHour = { urgent: 30, patient: 20 } as const

const selectDue = `
  SELECT r.organization_id AS "organizationId", r.entity_type AS "entityType", r.zoho_id AS "zohoId", r.reason, r.alone,
         (SELECT extract(epoch FROM first_counted.at + interval '1 hour' - tds_now())::float8
            FROM tds_record_reads h,
                 LATERAL (SELECT h.sent_at[cardinality(h.sent_at) + 1
                                           - CASE WHEN r.reason IN (${patientList}) THEN ${String(readsPerHour.patient)}
                                                  ELSE ${String(readsPerHour.urgent)} END] AS at) first_counted
           WHERE h.organization_id = r.organization_id AND h.entity_type = r.entity_type AND h.zoho_id = r.zoho_id
             AND first_counted.at > tds_now() - interval '1 hour') AS "limitedSeconds"
    FROM tds_owed_reads r
   WHERE r.due_at <= tds_now() AND (r.claimed_by IS NULL OR r.claim_expires_at < tds_now())`

/** The read of a record if it is due, or null: a look, so that nobody waits for a call in vain. */
export async function dueRead(db: Queryable, key: OwedReadKey): Promise<DueRead | null> {
  const { rows } = await db.query<DueRead>(
    `${selectDue} AND r.organization_id = $1 AND r.entity_type = $2::tds_entity_type AND r.zoho_id = $3`,
    [key.organizationId, key.entityType, key.zohoId],
    { name: 'due_read' },
  )
  return rows[0] ?? null
}

/** Reads of a type that are made for one reason. */
export interface PatientKind {
  readonly entityType: string
  readonly reason: ReadReason
}

/**
 * Due reads for which no event waits, the most urgent reason first and the oldest first within it: a first load owes
 * thousands. The kinds in `except` are left out.
 */
export async function duePatientReads(
  db: Queryable,
  o: { readonly limit: number; readonly except: readonly PatientKind[] },
): Promise<DueRead[]> {
  const { rows } = await db.query<DueRead>(
    `${selectDue} AND r.reason IN (${patientList}) AND (r.entity_type::text || ' ' || r.reason) <> ALL ($2::text[])
      ORDER BY ${rankOf('r')}, r.due_at LIMIT $1`,
    [o.limit, o.except.map(({ entityType, reason }) => `${entityType} ${reason}`)],
    { name: 'due_patient_reads' },
  )
  return rows
}
