import { listFuses, type Database, type FuseStatus } from '@tds/db'
import type { HealthCheck, HealthResult } from '@tds/runtime'

/** Tells which types have deletions that wait for a person. */
export function deletionFuseCheck(db: Database): HealthCheck {
  return { name: 'deletion_fuse', check: async () => judge(await listFuses(db)) }
}

function judge(fuses: readonly FuseStatus[]): HealthResult {
  const blown = fuses.filter(({ state }) => state === 'blown')
  if (blown.length === 0) return { status: 'healthy', detail: 'No deletion is held.' }
  const facts = Object.fromEntries(
    blown.map((fuse) => [
      fuse.entity_type,
      { organizationId: fuse.organization_id, held: fuse.held, since: fuse.blown_at },
    ]),
  )
  return { status: 'degraded', detail: blown.map(tell).join(' '), facts }
}

function tell({ entity_type: type, held, blown_at: since }: FuseStatus): string {
  const count = String(held)
  return (
    `${count} deletions of ${type} are held since ${since ?? 'now'}: compare tds fuse show ${type} with Zoho, ` +
    `then tds fuse release ${type} --expect ${count} --reason "…".`
  )
}
