import {
  isCauseKnown,
  lastActionsOn,
  listCircuits,
  selectOpenDeadLetters,
  type Database,
  type DeadLetterFilter,
} from '@tds/db'
import { zohoCircuitKey } from '../circuit/circuit-key.ts'
import { entities } from '../entities/index.ts'
import { remapAction } from '../sync/remap-records.ts'
import { requestReplay } from './request-replay.ts'

/** A cause that is gone, and the dead letters that it made. */
interface GoneCause {
  /** Names the one time that it went. */
  readonly cause: string
  readonly reason: string
  readonly filter: DeadLetterFilter
}

/**
 * Replays the classes of dead letters whose cause is gone: `source` once the circuit to Zoho has closed, `mapping` of a type
 * once its records were read again by a new mapping. Each cause replays once, and only what had failed before it went.
 * Returns the operations begun.
 */
export async function healClasses(
  db: Database,
  o: { readonly organizationId: string; readonly ratePerSecond: number },
): Promise<string[]> {
  const { organizationId, ratePerSecond } = o
  const begun: string[] = []
  for (const gone of [...(await closedCircuits(db, organizationId)), ...(await remaps(db))]) {
    if (await isCauseKnown(db, gone.cause)) continue
    const chosen = await selectOpenDeadLetters(db, { ...gone.filter, organizationId })
    if (chosen.length === 0) continue
    const { operationId } = await requestReplay(
      db,
      {
        organizationId,
        filter: gone.filter,
        words: { ...gone.filter },
        ratePerSecond,
        stopOnErrorPercent: 50,
        skipStale: false,
        cause: gone.cause,
      },
      { actor: 'system', reason: gone.reason, dryRun: false, via: 'worker' },
    )
    if (operationId !== null) begun.push(operationId)
  }
  return begun
}

async function closedCircuits(db: Database, organizationId: string): Promise<GoneCause[]> {
  const { service } = zohoCircuitKey(organizationId)
  return (await listCircuits(db))
    .filter((one) => one.organization_id === organizationId && one.service === service)
    .filter(({ state, opened }) => state === 'closed' && opened !== '0')
    .map(({ epoch, changed_at: changedAt }) => ({
      cause: `circuit ${service} ${organizationId} ${epoch}`,
      reason: 'the circuit to Zoho has closed again',
      filter: { classes: ['source'], lastSeenBefore: changedAt },
    }))
}

async function remaps(db: Database): Promise<GoneCause[]> {
  const types = entities.map(({ type }) => type)
  return (await lastActionsOn(db, { action: remapAction, subjects: types })).map(
    ({ id, subject, acted_at: actedAt }) => ({
      cause: `remap ${subject} ${id}`,
      reason: `the records of ${subject} were read again by the mapping of this version`,
      filter: { classes: ['mapping'], entityType: subject, lastSeenBefore: actedAt },
    }),
  )
}
