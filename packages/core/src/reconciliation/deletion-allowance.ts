import { countLiving, deletionsLastHour, findFuse, type FuseKey, type Queryable } from '@tds/db'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { recordTableOf } from '../sync/record-table.ts'
import { deletionLimit, rowsOfSmallType, rowsPerDeletion, usualDeletions } from './deletion-limit.ts'

/** How matters stand with the limit of a type. */
export interface DeletionAllowance {
  readonly limit: number
  /** Done in the last hour; what a person released does not count. */
  readonly done: number
  /** Rows by which the limit is reckoned: those that live, and those deleted within the hour. */
  readonly rows: number
  /** Deletions that may still be done; 0 while the fuse is blown. */
  readonly left: number
}

/** Reckons the limit of a type in full. Counts all its rows: for runs and people, not for each deletion. */
export async function deletionAllowance(
  db: Queryable,
  { organizationId, entity }: TypeOfOrganization,
): Promise<DeletionAllowance> {
  const key: FuseKey = { organizationId, entityType: entity.type }
  const done = await deletionsLastHour(db, key)
  const living = await countLiving(db, recordTableOf(entity), { organizationId, upTo: null })
  const rows = living + done
  const limit = deletionLimit(rows)
  const isBlown = (await findFuse(db, key))?.state === 'blown'
  return { limit, done, rows, left: isBlown ? 0 : Math.max(0, limit - done) }
}

/** A type of one organisation. */
export interface TypeOfOrganization {
  readonly organizationId: string
  readonly entity: EntityDefinition
}

/**
 * Deletions of a type that may still be done within this hour; 0 while its fuse is blown. A run that finds more
 * records missing than that holds them all instead of asking for each: `missRecords` does that.
 */
export async function deletionsLeft(db: Queryable, of: TypeOfOrganization): Promise<number> {
  return (await deletionAllowance(db, of)).left
}

/** Whether one more deletion is within the limit. Counts no more rows than the answer needs. */
export async function mayDeleteOne(
  tx: Queryable,
  { organizationId, entity }: TypeOfOrganization,
): Promise<boolean> {
  const done = await deletionsLastHour(tx, { organizationId, entityType: entity.type })
  if (done === 0) return true
  const enough = done < usualDeletions ? rowsOfSmallType : (done + 1) * rowsPerDeletion
  const upTo = Math.max(0, enough - done)
  const living = await countLiving(tx, recordTableOf(entity), { organizationId, upTo })
  return done < deletionLimit(living + done)
}
