import type { Queryable } from '../queryable.ts'

/** A setting that is in force; its value as JSON text. */
export interface StoredSetting {
  readonly config_key: string
  readonly config_value: string
}

/** Reads the run-time settings that are in force. Plain SQL, because a daemon that only needs this spares itself Prisma's 55 MB. */
export async function readSettings(db: Queryable): Promise<StoredSetting[]> {
  const { rows } = await db.query<StoredSetting>(
    'SELECT config_key, config_value FROM tds_configuration WHERE is_active',
  )
  return rows
}
