import type { Queryable } from '../queryable.ts'
import { isReadOfKey, readKeyArrays, readKeyRows, type OwedReadKey } from './owed-reads.ts'

/** Has owed reads made one by one: only an answer about a single record may say that it is gone, or that a row is wrong. */
export async function readSingly(tx: Queryable, keys: readonly OwedReadKey[]): Promise<void> {
  if (keys.length === 0) return
  await tx.query(
    `UPDATE tds_owed_reads r SET alone = true FROM ${readKeyRows} WHERE ${isReadOfKey}`,
    readKeyArrays(keys),
  )
}
