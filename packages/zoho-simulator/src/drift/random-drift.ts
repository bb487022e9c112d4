import { sum, whole } from '../exact/decimal.ts'
import { decimalOf } from '../exact/fields.ts'
import type { JsonObject } from '../exact/json.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import { seededRandom, type Random } from '../random.ts'
import type { WorldRecord } from '../world/collection.ts'
import { withBalances } from '../world/customer.ts'
import { moveStock } from '../world/product-stock.ts'
import type { RecordType } from '../world/record-type.ts'
import type { World } from '../world/world.ts'
import type { SilentChanges } from './silent-changes.ts'

/** What can move silently. */
export const driftings = ['balance', 'credits', 'stock'] as const

/** One of them. */
export type Drifting = (typeof driftings)[number]

/** How much drifts, of what. */
export interface DriftRequest {
  count: number
  what?: readonly Drifting[] | undefined
  /** Without it the world's own chance goes on. */
  seed?: string | number | undefined
}

/** Moves so many balances, credits and stocks under the versions that their records have; answers whose. */
export function driftAtRandom(
  world: World,
  { count, what = driftings, seed }: DriftRequest,
  silent: SilentChanges,
): { type: RecordType; id: string }[] {
  if (what.length === 0) throw new InvalidInputError('what must name at least one thing that drifts')
  const random = seed === undefined ? world.random : seededRandom(seed, 'drift')
  return Array.from({ length: count }, () => {
    const { type, fields: fieldsOf } = rules[random.pick(what)]
    const { record, fields } = pickDrifting(world, { type, random, fieldsOf })
    silent.set(type, record.id, { cause: 'drift', fields })
    return { type, id: record.id }
  })
}

interface DriftRule {
  type: RecordType
  /** What the record shows afterwards; null where it cannot drift so. */
  fields: (record: WorldRecord, world: World, random: Random) => JsonObject | null
}

const rules: Readonly<Record<Drifting, DriftRule>> = {
  balance: {
    type: 'customer',
    fields: ({ detail }, world, random) => {
      const { receivable, payable, credits } = balancesOf(detail)
      const more = whole(random.between(1, 500))
      return withBalances(world, detail, { receivable: sum([receivable, more]), payable, credits })
    },
  },
  credits: {
    type: 'customer',
    fields: ({ detail }, world, random) => {
      const { receivable, payable, credits } = balancesOf(detail)
      const more = whole(random.between(1, 500))
      return withBalances(world, detail, { receivable, payable, credits: sum([credits, more]) })
    },
  },
  stock: { type: 'product', fields: ({ detail }, world, random) => moveStock(detail, { world, random }) },
}

function balancesOf(detail: JsonObject) {
  return {
    receivable: decimalOf(detail, 'outstanding_receivable_amount'),
    payable: decimalOf(detail, 'outstanding_payable_amount'),
    credits: decimalOf(detail, 'unused_credits_receivable_amount'),
  }
}

interface Pick {
  type: RecordType
  random: Random
  fieldsOf: DriftRule['fields']
}

function pickDrifting(
  world: World,
  { type, random, fieldsOf }: Pick,
): { record: WorldRecord; fields: JsonObject } {
  for (const record of random.shuffled(world.collections[type].living())) {
    const fields = fieldsOf(record, world, random)
    if (fields !== null) return { record, fields }
  }
  throw new InvalidInputError(`There is no ${type} that could drift`)
}
