import type { MutationKind, RecordType } from '@tds/zoho-simulator'
import type { Chance } from '../deliveries/seeded-chance.ts'

/** A change that will happen in Zoho. */
export interface ComingChange {
  readonly atMs: number
  readonly type: RecordType
  readonly kind: Extract<MutationKind, 'create' | 'update' | 'delete'>
  /** A webhook tells of it. */
  readonly told: boolean
}

/** Changes of a day for which Zoho has a webhook: 58. */
const watched: Readonly<Partial<Record<RecordType, number>>> = {
  invoice: 28,
  product: 12,
  customer: 8,
  bill: 4,
  credit_note: 3,
  stock_adjustment: 3,
}
/** Changes of a day of which no webhook tells, such as imports and what other programs write: 40. */
const unwatched: Readonly<Partial<Record<RecordType, number>>> = {
  product: 20,
  customer: 10,
  invoice: 6,
  bill: 2,
  stock_adjustment: 2,
}
/** Of the watched changes of a type, the share that makes a record. */
const creations: Readonly<Partial<Record<RecordType, number>>> = {
  invoice: 0.6,
  bill: 0.6,
  credit_note: 0.6,
  stock_adjustment: 0.8,
  customer: 0.2,
  product: 0.05,
}
const deletedInTurn: readonly RecordType[] = ['invoice', 'product', 'customer', 'credit_note', 'bill']
/** Of the webhooks that should come. */
const toldShare = 0.8
const dayMs = 86_400_000
const officeHoursMs = 10 * 3_600_000

/** What happens in an ordinary week: `days` days of ten office hours each, the first of which begin at `startMs`. */
export function planWeek({
  startMs,
  days,
  chance,
}: {
  readonly startMs: number
  readonly days: number
  readonly chance: Chance
}): ComingChange[] {
  const changes = Array.from({ length: days }, (_, day) =>
    changesOf(day, chance).map((change) => ({
      ...change,
      atMs: startMs + day * dayMs + Math.floor(chance() * officeHoursMs),
    })),
  )
  return changes.flat().sort((left, right) => left.atMs - right.atMs)
}

function changesOf(day: number, chance: Chance): Omit<ComingChange, 'atMs'>[] {
  const told = () => chance() < toldShare
  const kindOf = (type: RecordType) => (chance() < (creations[type] ?? 0) ? 'create' : 'update')
  return [
    ...typesOf(watched).map((type) => ({ type, kind: kindOf(type), told: told() }) as const),
    ...typesOf(unwatched).map((type) => ({ type, kind: 'update', told: false }) as const),
    { type: 'price_list', kind: 'update', told: false },
    { type: deletedInTurn[day % deletedInTurn.length] ?? 'invoice', kind: 'delete', told: told() },
  ]
}

function typesOf(counts: Readonly<Partial<Record<RecordType, number>>>): RecordType[] {
  return Object.entries(counts).flatMap(([type, count]) =>
    Array.from({ length: count }, () => type as RecordType),
  )
}
