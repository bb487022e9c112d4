import type { Database } from '@tds/db'

/** Damages products behind the program's back, in turn: another price, another name, another hash. */
export async function damageRows(
  db: Database,
  organizationId: string,
  zohoIds: readonly string[],
): Promise<void> {
  const { rowCount } = await db.query(
    `UPDATE tds_products p
        SET rate = CASE WHEN d.at % 3 = 0 THEN coalesce(p.rate, 0) + 1 ELSE p.rate END,
            name = CASE WHEN d.at % 3 = 1 THEN p.name || '!' ELSE p.name END,
            content_hash = CASE WHEN d.at % 3 = 2 THEN repeat('0', length(p.content_hash)) ELSE p.content_hash END
       FROM unnest($2::text[]) WITH ORDINALITY AS d(zoho_id, at)
      WHERE p.organization_id = $1 AND p.zoho_id = d.zoho_id`,
    [organizationId, zohoIds],
  )
  if (rowCount !== zohoIds.length) throw new RangeError('not every row to damage was there')
}

/** What the mirror's products are, in one text: the same before a damage and after its repair. */
export async function fingerprint(db: Database): Promise<string> {
  const { rows } = await db.query<{ fingerprint: string }>(
    `SELECT md5(string_agg(concat_ws('|', zoho_id, name, rate, content_hash, deleted_at), ',' ORDER BY zoho_id)) AS fingerprint
       FROM tds_products`,
  )
  return rows[0]?.fingerprint ?? ''
}
