import { entities, type EntityDefinition } from '@tds/core'
import {
  createSimulator,
  type JsonObject,
  type RecordType,
  type Simulator,
  type TruthRecord,
} from '@tds/zoho-simulator'

import { savedRecord } from './saved-record.ts'

/** One record as a full webhook tells of it: the body carries all that a detail does, and the version. */
export interface RecordBody {
  readonly type: RecordType
  readonly id: string
  /** Zoho's `last_modified_time`, in its form. */
  readonly version: string
  readonly body: string
}

/** Of fifty events at the customer, how many are about each type: 60 % invoices, 30 % items, 2 % each of the others. */
export const customerMix: Readonly<Record<RecordType, number>> = {
  invoice: 30,
  product: 15,
  customer: 1,
  bill: 1,
  credit_note: 1,
  stock_adjustment: 1,
  price_list: 1,
}

/** So many fifties make a world of as many items as the customer has: price lists are as long as there. */
const FIFTIES = 148

const worldSize = {
  items: FIFTIES * customerMix.product,
  invoices: FIFTIES * customerMix.invoice,
  bills: FIFTIES * customerMix.bill,
  creditNotes: FIFTIES * customerMix.credit_note,
  stockAdjustments: FIFTIES * customerMix.stock_adjustment,
  priceLists: FIFTIES * customerMix.price_list,
}

/**
 * Records of all types without an end, each once; every fifty of them have the customer's mix. They come from worlds of
 * the simulator, one after another, so that documents have as many lines as documents have there.
 */
export function* mixedRecords(seed = 'mix'): Generator<RecordBody, never> {
  for (let world = 0; ; world += 1) {
    const simulator = createSimulator({ seed: `${seed} ${world}`, size: worldSize })
    const shelves = entities.map((entity) => ({ entity, records: chosenRecords(simulator, entity.type) }))
    for (let fifty = 0; fifty < FIFTIES; fifty += 1) {
      for (const { entity, records } of shelves) {
        const share = customerMix[entity.type]
        for (const record of records.slice(fifty * share, (fifty + 1) * share)) {
          yield bodyOf(record, { simulator, entity, world })
        }
      }
    }
  }
}

/** As many records of a type as the mix asks for, from all over the world: its vendors come before its customers. */
function chosenRecords(simulator: Simulator, type: RecordType): TruthRecord[] {
  const { records } = simulator.truth(type)
  const wanted = FIFTIES * customerMix[type]
  const step = records.length / wanted
  return records.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step))
}

interface Origin {
  readonly simulator: Simulator
  readonly entity: EntityDefinition
  readonly world: number
}

function bodyOf(record: TruthRecord, { simulator, entity, world }: Origin): RecordBody {
  const detail = { ...blanksFor(entity, record.detail), last_modified_time: record.version }
  const delivery = simulator.deliveryOf(savedRecord(entity.type, { ...record, detail }), { shape: 'detail' })
  return {
    type: entity.type,
    id: ownId(record.id, world),
    version: record.version,
    body: ownId(delivery.body.toString(), world),
  }
}

/** A key that a detail lacks is blank; a webhook has to say so, or the record is asked for once more. */
function blanksFor({ columns, children }: EntityDefinition, detail: JsonObject): JsonObject {
  const lists = [...children, { keys: ['custom_fields'] }]
  const blanks = [
    ...columns.map(({ keys }) => ({ keys, blank: '' })),
    ...lists.map(({ keys }) => ({ keys, blank: [] })),
  ].flatMap(({ keys, blank }) => (keys.some((key) => key in detail) ? [] : [[keys[0] ?? '', blank] as const]))
  return { ...detail, ...Object.fromEntries(blanks) }
}

/** All worlds count from the same id: each gets a head of its own, in ids and in references alike. */
function ownId(text: string, world: number): string {
  return text.replaceAll(ID_HEAD, String(Number(ID_HEAD) + world))
}

const ID_HEAD = '460320000'
