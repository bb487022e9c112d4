import { entities } from '@tds/core'
import { certificateAges, type CertificateAge, type Queryable } from '@tds/db'

/** How old the proof of each type is. */
export function certificateNumbers(tx: Queryable): Promise<CertificateAge[]> {
  return certificateAges(
    tx,
    entities.map(({ type }) => type),
  )
}
