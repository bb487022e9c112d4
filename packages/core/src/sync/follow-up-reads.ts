import { absentRecords, type ReadRequest, type Transaction } from '@tds/db'
import type { EntityDefinition, ReferenceDefinition } from '../entities/define-entity.ts'
import { entityOf } from '../entities/index.ts'
import type { ChangeResult, RecordChange } from './apply-changes.ts'
import type { ChangeCause } from './change.ts'
import type { RecordState } from './record-state.ts'

/** A change and what became of it. */
export interface ChangeDone {
  readonly change: RecordChange
  readonly result: ChangeResult
}

/** A new record's own webhook is mostly on its way when another record names it. */
const parentDelaySeconds = 10
/** Fifty invoices of one customer within half a minute cost one read of the customer. */
const rippleDelaySeconds = 30
/** Causes that tell of something that has just happened at the source; others bring what is known or old. */
const rippleCauses: ReadonlySet<ChangeCause> = new Set<ChangeCause>(['webhook', 'incremental'])

/**
 * The reads that applied changes call for: of records that they name and the mirror lacks (parents), and of records whose
 * stock or balance the source has moved with them without giving those a new version (ripples).
 */
export async function followUpReads(tx: Transaction, done: readonly ChangeDone[]): Promise<ReadRequest[]> {
  const ripples = done.flatMap(ripplesOf)
  return [...(await missingParents(tx, done.flatMap(parentsOf))), ...ripples]
}

interface NamedRecord {
  readonly target: EntityDefinition
  readonly request: ReadRequest
}

function parentsOf({ change, result }: ChangeDone): NamedRecord[] {
  const { applied } = result
  if (applied === null || applied.after.deletedAt !== null) return []
  return change.entity.references.flatMap((reference) =>
    named(change, reference, {
      states: [applied.after],
      reason: 'parent',
      delaySeconds: parentDelaySeconds,
    }),
  )
}

async function missingParents(tx: Transaction, parents: readonly NamedRecord[]): Promise<ReadRequest[]> {
  const missing: ReadRequest[] = []
  for (const target of new Set(parents.map((parent) => parent.target))) {
    const requests = new Map(
      parents
        .filter((parent) => parent.target === target)
        .map(({ request }) => [`${request.organizationId} ${request.zohoId}`, request] as const),
    )
    const absent = await absentRecords(tx, target, [...requests.values()])
    missing.push(...absent.flatMap((key) => requests.get(`${key.organizationId} ${key.zohoId}`) ?? []))
  }
  return missing
}

/** A deletion moves numbers too, and so does taking a line away: the records named before count as well. */
function ripplesOf({ change, result }: ChangeDone): ReadRequest[] {
  const { applied, decision } = result
  if (applied === null || !('cause' in decision) || !rippleCauses.has(decision.cause)) return []
  const states = applied.before === null ? [applied.after] : [applied.before, applied.after]
  return change.entity.references
    .filter((reference) => reference.moves)
    .flatMap((reference) =>
      named(change, reference, { states, reason: 'ripple', delaySeconds: rippleDelaySeconds }),
    )
    .map(({ request }) => request)
}

function named(
  { organizationId, eventId }: RecordChange,
  reference: ReferenceDefinition,
  o: { readonly states: readonly RecordState[] } & Pick<ReadRequest, 'reason' | 'delaySeconds'>,
): NamedRecord[] {
  const target = entityOf(reference.to)
  if (target === undefined) return []
  const { states, ...wish } = o
  const ids = new Set(states.flatMap((state) => idsIn(state, reference)))
  return [...ids].map((zohoId) => ({
    target,
    request: { organizationId, entityType: target.type, zohoId, eventId, ...wish },
  }))
}

function idsIn(state: RecordState, { child, column }: ReferenceDefinition): string[] {
  const rows = child === undefined ? [state.columns] : (state.children[child] ?? [])
  return rows.flatMap((row) => row[column] ?? [])
}
