import type { BodyShape, Delivery, MutationRequest, RecordType, Simulator } from '@tds/zoho-simulator'

import type { Chance } from '../deliveries/seeded-chance.ts'
import { markColumns, markOf } from './marked-changes.ts'

/** One thing that happens to a record, and how Zoho tells of it. */
interface Happening {
  readonly what: Pick<MutationRequest, 'kind' | 'stamp'>
  readonly shape: BodyShape
}

/** Five versions, a tie, a thin body, a deletion and a restoration. */
const LIFE: readonly Happening[] = [
  { what: { kind: 'update' }, shape: 'detail' },
  { what: { kind: 'update' }, shape: 'usual' },
  { what: { kind: 'update' }, shape: 'detail' },
  { what: { kind: 'update', stamp: 'keep' }, shape: 'detail' },
  { what: { kind: 'update' }, shape: 'thin' },
  { what: { kind: 'delete' }, shape: 'usual' },
  { what: { kind: 'restore' }, shape: 'detail' },
  { what: { kind: 'update' }, shape: 'sparse' },
]

const DUPLICATE_SHARE = 0.3

interface Life {
  readonly type: RecordType
  readonly id: string
  next: number
  readonly onTheWay: Delivery[]
}

/**
 * Lets the same life happen to each of several records, and their deliveries arrive in any order, some of them twice,
 * interleaved with what happens meanwhile and with each other.
 */
export function* schedules(
  simulator: Simulator,
  chance: Chance,
  recordsPerType: number,
): Generator<Delivery, void> {
  const lives = [...markColumns.keys()].flatMap((type) => livesOf(simulator, type, recordsPerType))
  let mark = 0
  for (;;) {
    const going = lives.filter((life) => life.next < LIFE.length || life.onTheWay.length > 0)
    const life = going[Math.floor(chance() * going.length)]
    if (life === undefined) return
    if (life.onTheWay.length === 0 || (life.next < LIFE.length && chance() < 0.5)) {
      const delivery = happen(simulator, life, (mark += 1))
      life.onTheWay.push(delivery, ...(chance() < DUPLICATE_SHARE ? [delivery] : []))
    } else {
      yield* life.onTheWay.splice(Math.floor(chance() * life.onTheWay.length), 1)
    }
  }
}

function livesOf(simulator: Simulator, type: RecordType, count: number): Life[] {
  return simulator
    .truth(type)
    .records.slice(0, count)
    .map(({ id }) => ({ type, id, next: 0, onTheWay: [] }))
}

function happen(simulator: Simulator, life: Life, mark: number): Delivery {
  const happening = LIFE[life.next]
  if (happening === undefined) throw new RangeError('nothing more happens to this record')
  life.next += 1
  const { what, shape } = happening
  const set = what.kind === 'update' ? { set: markOf(life.type, mark) } : {}
  const mutation = simulator.mutate({ type: life.type, id: life.id, ...what, ...set })
  return simulator.deliveryOf(mutation, { shape })
}
