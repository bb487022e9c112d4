import type { Queryable } from '../queryable.ts'

/** A certificate as it stands now. Times as Postgres writes them. */
export interface Certificate {
  readonly id: string
  readonly run_id: string
  readonly organization_id: string
  readonly entity_type: string
  readonly depth: 'index' | 'full'
  readonly compared: string
  readonly equal: string
  readonly different: string
  readonly repaired: string
  readonly left: string
  readonly calls: string
  readonly oldest_read_at: string | null
  readonly never_read: string
  readonly started_at: string
  readonly issued_at: string
  readonly issued_by: string
}

/** A certificate to issue. */
export interface NewCertificate {
  readonly runId: string
  readonly depth: 'index' | 'full'
  readonly compared: number
  readonly different: number
  readonly repaired: number
  readonly oldestReadAt: string | null
  readonly neverRead: number
}

/** Issues the certificate of a run, with who asked for it and what it cost from the run itself. Returns its id. */
export async function issueCertificate(tx: Queryable, certificate: NewCertificate): Promise<string> {
  const { runId, depth, compared, different, repaired, oldestReadAt, neverRead } = certificate
  const { rows } = await tx.query<{ id: string }>(
    `INSERT INTO tds_certificates (run_id, organization_id, entity_type, depth, compared, equal, different, repaired,
            "left", calls, oldest_read_at, never_read, started_at, issued_by)
     SELECT r.id, r.organization_id, r.entity_type, $2, $3::bigint, $3::bigint - $4::bigint, $4::bigint, $5::bigint,
            $4::bigint - $5::bigint, r.api_calls, $6::timestamptz, $7::bigint, r.started_at,
            coalesce(r.requested_by, 'schedule')
       FROM tds_sync_runs r WHERE r.id = $1::uuid
     RETURNING id`,
    [runId, depth, compared, different, repaired, oldestReadAt, neverRead],
  )
  const [row] = rows
  if (row === undefined) throw new RangeError('a certificate was issued for a run that does not exist')
  return row.id
}

/** Lists certificates, the newest first; of each type the latest alone where asked for. */
export async function listCertificates(
  db: Queryable,
  o: {
    readonly organizationId?: string
    readonly entityType?: string
    readonly latest?: boolean
    readonly limit: number
  },
): Promise<Certificate[]> {
  const { rows } = await db.query<Certificate>(
    `SELECT * FROM tds_certificates c
      WHERE ($1::text IS NULL OR c.organization_id = $1)
        AND ($2::tds_entity_type IS NULL OR c.entity_type = $2::tds_entity_type)
        AND (NOT $3::boolean OR NOT EXISTS (
              SELECT FROM tds_certificates later
               WHERE later.organization_id = c.organization_id AND later.entity_type = c.entity_type
                 AND (later.issued_at, later.id) > (c.issued_at, c.id)))
      ORDER BY c.issued_at DESC, c.id DESC LIMIT $4`,
    [o.organizationId ?? null, o.entityType ?? null, o.latest ?? false, o.limit],
  )
  return rows
}

/** How old the proof of one type is, in one organisation. */
export interface CertificateAge {
  readonly organization_id: string
  readonly entity_type: string
  /** Since the latest certificate; null where none was ever issued. */
  readonly issued_seconds: number | null
  /** Since the first run of the type that ended well; null where none has. */
  readonly loaded_seconds: number | null
  /** Differences of the latest certificate that are not repaired. */
  readonly left: number
}

/** Tells of every organisation that lists were read or certificates issued for how old the latest certificate of each type is. */
export async function certificateAges(
  db: Queryable,
  entityTypes: readonly string[],
): Promise<CertificateAge[]> {
  const { rows } = await db.query<CertificateAge>(
    `SELECT o.organization_id, k.entity_type,
            extract(epoch FROM tds_now() - c.issued_at)::float8 AS issued_seconds,
            (SELECT extract(epoch FROM tds_now() - r.completed_at)::float8 FROM tds_sync_runs r
              WHERE r.organization_id = o.organization_id AND r.entity_type = k.entity_type::tds_entity_type
                AND r.status = 'completed' AND NOT r.dry_run
              ORDER BY r.started_at LIMIT 1) AS loaded_seconds,
            coalesce(c."left", 0)::int AS "left"
       FROM (SELECT organization_id FROM tds_sync_cursors UNION SELECT organization_id FROM tds_certificates) o
      CROSS JOIN unnest($1::text[]) AS k(entity_type)
       LEFT JOIN LATERAL (
              SELECT issued_at, "left" FROM tds_certificates
               WHERE organization_id = o.organization_id AND entity_type = k.entity_type::tds_entity_type
               ORDER BY issued_at DESC, id DESC LIMIT 1) c ON true
      ORDER BY 1, 2`,
    [entityTypes],
    { name: 'certificate_ages' },
  )
  return rows
}
