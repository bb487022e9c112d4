import { entities, type EntityDefinition } from '@tds/core'
import type { BodyShape, Delivery, MutationKind, RecordType, Simulator } from '@tds/zoho-simulator'

import type { Chance } from '../deliveries/seeded-chance.ts'

// What people write freely, the best place first: a mark in it changes nothing else.
const FREE_TEXTS = ['description', 'reference_number', 'company_name']

/** The column of each registered type that carries the mark of its latest change; Zoho's key has the same name. */
export const markColumns: ReadonlyMap<RecordType, string> = new Map(
  entities.map((entity) => [entity.type, markColumnOf(entity)]),
)

/** A stream of changes of some records, so that each of them changes again and again. */
export interface MarkedChanges {
  readonly count: number
  /**
   * A few of each type, each type as often as any other; or `all`, each record as often as any other: a record is read
   * thirty times an hour at most, so a long stream needs many.
   */
  readonly records: 'all' | { readonly ofEachType: number }
  /** Share of deliveries that are repeated, default 0.1. */
  readonly duplicates?: number
  /** Share that arrives late, by up to 20 places, default 0.2. */
  readonly late?: number
  /** Changes nothing more once it is aborted; what was changed is told of all the same. */
  readonly until?: AbortSignal
}

const SHAPES: readonly BodyShape[] = [
  'detail',
  'detail',
  'detail',
  'usual',
  'usual',
  'sparse',
  'lean',
  'thin',
  'placeholders',
]
const LATEST_PLACES = 20

/**
 * Changes the world as they are asked for, and makes the deliveries that tell of it. Every change writes a mark that
 * counts up, so that whoever reads the history of a record sees whether it ever went back.
 */
export function* markedChanges(
  simulator: Simulator,
  chance: Chance,
  o: MarkedChanges,
): Generator<Delivery, void> {
  const held: { place: number; delivery: Delivery }[] = []
  const change = changer(simulator, chance, o.records)
  for (let place = 1; place <= o.count && !o.until?.aborted; place++) {
    const delivery = change(place)
    const isLate = chance() < (o.late ?? 0.2)
    held.push({ place: isLate ? place + Math.ceil(chance() * LATEST_PLACES) : place, delivery })
    if (chance() < (o.duplicates ?? 0.1))
      held.push({ place: place + Math.ceil(chance() * LATEST_PLACES), delivery })
    yield* due(held, place)
  }
  yield* due(held, Infinity)
}

/** The field that says which change of a record this is. */
export function markOf(type: RecordType, number: number): Record<string, string> {
  const column = markColumns.get(type)
  return column === undefined ? {} : { [column]: `change ${String(number)}` }
}

/** The number that a mark carries; null for a text that is none. */
export function markNumber(text: unknown): number | null {
  const match = typeof text === 'string' ? /^change (\d+)$/.exec(text) : null
  return match === null ? null : Number(match[1])
}

function markColumnOf({ type, columns }: EntityDefinition): string {
  const found = FREE_TEXTS.find((name) => columns.some((column) => column.name === name))
  if (found === undefined)
    throw new Error(`${type} has no column for marks: add one of its texts to FREE_TEXTS`)
  return found
}

function changer(
  simulator: Simulator,
  chance: Chance,
  records: MarkedChanges['records'],
): (place: number) => Delivery {
  const types = [...markColumns.keys()]
  const pools = new Map(
    types.map((type) => [
      type,
      simulator
        .truth(type)
        .records.slice(0, records === 'all' ? undefined : records.ofEachType)
        .map(({ id }) => id),
    ]),
  )
  const shares = records === 'all' ? types.flatMap((type) => (pools.get(type) ?? []).map(() => type)) : types
  return (place) => {
    const type = pickFrom(shares, chance)
    const pool = pools.get(type) ?? []
    const id = pickFrom(pool, chance)
    const kind = kindFor(simulator, { type, id, chance })
    const mutation = simulator.mutate({
      type,
      kind,
      ...(kind === 'create' ? {} : { id }),
      ...(kind === 'create' || kind === 'update' ? { set: markOf(type, place) } : {}),
    })
    if (kind === 'create') pool.push(mutation.id)
    return simulator.deliveryOf(mutation, {
      shape: kind === 'delete' ? 'usual' : pickFrom(SHAPES, chance),
      encoding: chance() < 0.2 ? 'form' : 'json',
      actionInPath: kind === 'delete' || chance() < 0.5,
    })
  }
}

function kindFor(
  simulator: Simulator,
  { type, id, chance }: { type: RecordType; id: string; chance: Chance },
): MutationKind {
  if (simulator.record(type, id) === null) return 'restore'
  const at = chance()
  if (at < 0.04) return 'delete'
  return at < 0.08 ? 'create' : 'update'
}

function pickFrom<T>(list: readonly T[], chance: Chance): T {
  const picked = list[Math.floor(chance() * list.length)]
  if (picked === undefined) throw new RangeError('nothing to pick from')
  return picked
}

function* due(held: { place: number; delivery: Delivery }[], upTo: number): Generator<Delivery, void> {
  const ready = held.filter(({ place }) => place <= upTo).sort((a, b) => a.place - b.place)
  for (const entry of ready) {
    held.splice(held.indexOf(entry), 1)
    yield entry.delivery
  }
}
