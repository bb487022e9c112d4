import type { Queryable } from '../queryable.ts'
import type { CallKey } from './finish-call.ts'

/** Gives back the right to a call that was not made. */
export async function releaseCall(db: Queryable, call: CallKey): Promise<void> {
  await db.query('SELECT tds_release_call($1, $2::uuid)', [call.organizationId, call.id], {
    name: 'release_call',
  })
}
