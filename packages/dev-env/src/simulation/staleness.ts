import { entityOf, readZohoTime } from '@tds/core'
import type { Queryable } from '@tds/db'
import {
  writeJson,
  type Json,
  type JsonObject,
  type RecordType,
  type Simulator,
  type TruthRecord,
} from '@tds/zoho-simulator'
import { plainDecimal } from '../comparison/exact-text.ts'

/** What may be stale of a record by itself. */
export type FieldClass = 'list fields' | 'details' | 'stock' | 'stock by location' | 'balances' | 'deletion'

/** How long the mirror took to have what changed in Zoho. */
export interface Staleness {
  /** Something changed in Zoho just now. */
  changed(type: RecordType, id: string, ...classes: readonly FieldClass[]): void
  /** Looks which of the open changes the mirror has by now; does nothing where that was just done. */
  look(): Promise<void>
  /** Type and class → minutes that each change of a time took; those still open count from their change to now. */
  minutes(o: { readonly fromMs: number; readonly beforeMs: number }): ReadonlyMap<string, readonly number[]>
  /** Records of which the mirror has not all. */
  open(): ReadonlySet<string>
}

interface OpenChange {
  readonly type: RecordType
  readonly id: string
  readonly fieldClass: FieldClass
  readonly sinceMs: number
}

/** It is looked no more often than this: what came in between counts as come at the next look. */
const restMs = 20_000

/** Begins to measure. */
export function measureStaleness(db: Queryable, simulator: Simulator, nowMs: () => number): Staleness {
  const open = new Map<string, OpenChange>()
  const closed: { readonly change: OpenChange; readonly minutes: number }[] = []
  let nextLookMs = 0
  const minutesOf = ({ sinceMs }: OpenChange) => (nowMs() - sinceMs) / 60_000
  return {
    changed: (type, id, ...classes) => {
      for (const fieldClass of classes) {
        const change = { type, id, fieldClass, sinceMs: nowMs() }
        // The first change that the mirror lacks counts until it has all of them.
        if (!open.has(keyOf(change))) open.set(keyOf(change), change)
      }
    },
    look: async () => {
      if (nowMs() < nextLookMs) return
      nextLookMs = nowMs() + restMs
      const groups = Map.groupBy(open.values(), ({ type }) => type)
      for (const [type, changes] of groups) {
        const mirror = await readMirror(
          db,
          type,
          changes.map(({ id }) => id),
        )
        for (const change of changes) {
          const truth = simulator.record(type, change.id)
          const mirrored = mirror.get(change.id)
          // Of a record that is gone only that matters.
          if (truth === null && change.fieldClass !== 'deletion') open.delete(keyOf(change))
          else if (mirrored !== undefined && checks[change.fieldClass](mirrored, truth)) {
            open.delete(keyOf(change))
            closed.push({ change, minutes: minutesOf(change) })
          }
        }
      }
    },
    minutes: ({ fromMs, beforeMs }) => {
      const all = [...closed, ...[...open.values()].map((change) => ({ change, minutes: minutesOf(change) }))]
      const some = all.filter(({ change }) => change.sinceMs >= fromMs && change.sinceMs < beforeMs)
      const groups = Map.groupBy(some, ({ change }) => `${change.type}, ${change.fieldClass}`)
      return new Map([...groups].map(([key, group]) => [key, group.map(({ minutes }) => minutes)]))
    },
    open: () => new Set([...open.values()].map(({ type, id }) => `${type} ${id}`)),
  }
}

function keyOf({ type, id, fieldClass }: OpenChange): string {
  return `${type} ${id} ${fieldClass}`
}

interface Mirrored {
  readonly id: string
  readonly modified: number | null
  readonly completed: number | null
  readonly deleted: boolean
  readonly row: Columns
  /** Of a product, its stock by location. */
  readonly locations: readonly Columns[]
}

/** As it comes from Postgres, where JSON is text. */
interface StoredRecord extends Omit<Mirrored, 'row' | 'locations'> {
  readonly row: string
  readonly locations: string | null
}

/** Columns as text. */
type Columns = Readonly<Record<string, string | null>>

async function readMirror(
  db: Queryable,
  type: RecordType,
  ids: readonly string[],
): Promise<ReadonlyMap<string, Mirrored>> {
  const { rows } = await db.query<StoredRecord>(
    `SELECT zoho_id AS id, (extract(epoch FROM source_modified_at) * 1000)::float8 AS modified,
            (extract(epoch FROM completed_version) * 1000)::float8 AS completed, deleted_at IS NOT NULL AS deleted,
            (SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(t) - 'raw')) AS row,
            (SELECT jsonb_agg((SELECT jsonb_object_agg(key, value) FROM jsonb_each_text(to_jsonb(s))))
               FROM tds_product_stock AS s WHERE s.product_zoho_id = t.zoho_id) AS locations
       FROM ${entityOf(type)?.table ?? ''} AS t WHERE zoho_id = ANY ($1::text[])`,
    [ids],
  )
  return new Map(
    rows.map(({ row, locations, ...rest }) => [
      rest.id,
      { ...rest, row: JSON.parse(row) as Columns, locations: JSON.parse(locations ?? '[]') as Columns[] },
    ]),
  )
}

const stockColumns = ['stock_on_hand', 'available_stock', 'actual_available_stock']
const balanceColumns = [
  'outstanding_receivable_amount',
  'outstanding_payable_amount',
  'unused_credits_receivable_amount',
]

const checks: Readonly<Record<FieldClass, (mirrored: Mirrored, truth: TruthRecord | null) => boolean>> = {
  'list fields': ({ modified }, truth) => hasVersion(modified, truth),
  details: ({ completed }, truth) => hasVersion(completed, truth),
  stock: ({ row }, truth) => holds(row, truth, stockColumns),
  'stock by location': ({ locations }, truth) => holdsLocations(locations, truth),
  balances: ({ row }, truth) => holds(row, truth, balanceColumns),
  deletion: ({ deleted }, truth) => deleted === (truth === null),
}

function hasVersion(version: number | null, truth: TruthRecord | null): boolean {
  return truth !== null && version !== null && version >= readZohoTime(truth.version).getTime()
}

function holds(row: Columns, truth: TruthRecord | null, columns: readonly string[]): boolean {
  return columns.every((column) => numberText(row[column]) === numberIn(truth?.detail[column]))
}

function holdsLocations(locations: readonly Columns[], truth: TruthRecord | null): boolean {
  const told = truth?.detail['locations']
  const entries = Array.isArray(told) ? told.filter(isObject) : []
  return (
    entries.length === locations.length &&
    entries.every((entry) => {
      const held = locations.find((one) => one['location_zoho_id'] === entry['location_id'])
      return (
        held !== undefined &&
        stockColumns.every((column) => numberText(held[column]) === numberIn(entry[`location_${column}`]))
      )
    })
  )
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function numberIn(value: Json | undefined): string | null {
  return numberText(writeJson(value ?? null).replace(/^"|"$/gu, ''))
}

function numberText(text: string | null | undefined): string | null {
  return plainDecimal(text ?? '')
}
