import { entities } from '@tds/core'
import type { BodyShape, Delivery, Encoding, Simulator } from '@tds/zoho-simulator'

import { savedRecord } from './saved-record.ts'

/** A source of chance: a number from 0 up to, but not including, 1. */
export type Chance = () => number

const SHAPES: readonly (readonly [share: number, shape: BodyShape])[] = [
  [0.58, 'detail'],
  [0.26, 'usual'],
  [0.06, 'sparse'],
  [0.04, 'lean'],
  [0.03, 'thin'],
  [0.03, 'placeholders'],
]
const FORM_SHARE = 0.2
const DUPLICATE_SHARE = 0.04
const LATE_SHARE = 0.05

/** What Zoho sends first, and what of it is held up on the way. */
export interface FirstDeliveries {
  readonly inTime: Delivery[]
  /** They arrive after the changes that follow. */
  readonly late: Delivery[]
}

/**
 * The webhooks by which a mirror first hears of every record of the registered types, as if each was saved once as it
 * is: all shapes of bodies, JSON and forms, in any order, some of them twice, some of them late.
 */
export function firstDeliveries(simulator: Simulator, chance: Chance): FirstDeliveries {
  const inTime: Delivery[] = []
  const late: Delivery[] = []
  const mutations = entities.flatMap(({ type }) =>
    simulator.truth(type).records.map((record) => savedRecord(type, record)),
  )
  for (const mutation of shuffled(mutations, chance)) {
    const encoding: Encoding = chance() < FORM_SHARE ? 'form' : 'json'
    const shape = chosenShape(chance())
    const delivery = simulator.deliveryOf(mutation, { shape, encoding, actionInPath: chance() < 0.5 })
    const isLate = chance() < LATE_SHARE
    const way = isLate ? late : inTime
    way.push(delivery)
    if (chance() < DUPLICATE_SHARE) way.splice(Math.max(0, way.length - 10), 0, delivery)
  }
  return { inTime, late }
}

/** The same numbers for the same seed (mulberry32), so that a run can be repeated. */
export function seededChance(seed: number): Chance {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

function chosenShape(at: number): BodyShape {
  let left = at
  for (const [share, shape] of SHAPES) {
    left -= share
    if (left < 0) return shape
  }
  return 'detail'
}

function shuffled<T>(list: readonly T[], chance: Chance): T[] {
  return list
    .map((entry) => ({ entry, place: chance() }))
    .sort((a, b) => a.place - b.place)
    .map(({ entry }) => entry)
}
