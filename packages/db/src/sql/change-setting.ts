import type { Queryable } from '../queryable.ts'

/**
 * Reads the settings of these names that are in force. Whoever else asks for one of them so waits until the transaction ends,
 * also where it is not there yet: a row that does not exist cannot be locked, so the names are.
 */
export async function lockSettings(
  tx: Queryable,
  keys: readonly string[],
): Promise<{ readonly config_key: string; readonly config_value: string }[]> {
  await tx.query(
    `SELECT pg_advisory_xact_lock(hashtextextended('tds_configuration ' || key, 0))
       FROM (SELECT DISTINCT key FROM unnest($1::text[]) AS key ORDER BY 1) keys`,
    [keys],
  )
  const { rows } = await tx.query<{ config_key: string; config_value: string }>(
    `SELECT config_key, config_value FROM tds_configuration
      WHERE config_key = ANY ($1::text[]) AND is_active ORDER BY config_key FOR UPDATE`,
    [keys],
  )
  return rows
}

/** A setting as somebody wants it. */
export interface SettingWrite {
  readonly key: string
  readonly value: unknown
  /** Where it is listed, and what it does: of a row that is not there yet. */
  readonly category: string
  readonly description: string
  readonly by: string
}

/** Writes a setting, and puts it in force. */
export async function writeSetting(tx: Queryable, setting: SettingWrite): Promise<void> {
  await tx.query(
    `INSERT INTO tds_configuration AS held (config_key, config_value, value_type, category, description, updated_by)
     VALUES ($1, $2::jsonb, jsonb_typeof($2::jsonb), $3, $4, $5)
         ON CONFLICT (config_key) DO UPDATE
        SET config_value = excluded.config_value, value_type = excluded.value_type, is_active = true,
            updated_by = excluded.updated_by, version = held.version + 1`,
    [setting.key, JSON.stringify(setting.value), setting.category, setting.description, setting.by],
  )
}

/** Takes a setting away, so that the built-in default holds. */
export async function deleteSetting(tx: Queryable, key: string): Promise<void> {
  await tx.query('DELETE FROM tds_configuration WHERE config_key = $1', [key])
}
