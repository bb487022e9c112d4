import { createHash } from 'node:crypto'
import { seeOneMoment } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { mapRecord, type MappedRecord } from '../entities/map-record.ts'
import type { ListedRow, WalkedPage } from '../scan/walk-list.ts'
import type { Instant } from '../sync/instant.ts'
import { keyText, readStates, type StandingState } from '../sync/stored-states.ts'
import { compareRecord, versionOf } from './compare-record.ts'
import type { IndexRun } from './index-run.ts'
import type { FoundRecord } from './new-difference.ts'

/** What comparing a page came to. */
export interface ComparedPage {
  readonly found: readonly FoundRecord[]
  /** Rows of it that had not been compared before. */
  readonly compared: number
  /** Of them those that agree. */
  readonly equal: number
}

/** A version this young when the run began may be on its way here: a webhook needs its time. */
const onItsWay: Instant = 60 * 1_000_000

/**
 * Compares the rows of a page with the records here, all of one moment and without holding anybody up. What changed while
 * it was compared, here or there, is put aside for the end. Rows that the run has compared already are only looked at for
 * contradictions.
 */
export async function comparePage(run: IndexRun, page: WalkedPage): Promise<ComparedPage> {
  const mapped = new Map<ListedRow, MappedRecord | null>()
  for (const row of [...page.rows, ...page.repeats]) mapped.set(row, mapListed(run, row))
  const fresh = page.rows.filter(({ zohoId }) => !run.seen.has(zohoId))
  const again = [...page.rows.filter(({ zohoId }) => run.seen.has(zohoId)), ...page.repeats]
  for (const row of fresh) run.seen.set(row.zohoId, digestOf(mapped.get(row) ?? null))
  const contradicted = again.filter((row) => run.seen.get(row.zohoId) !== digestOf(mapped.get(row) ?? null))
  const stored = await standing(run, [...fresh, ...contradicted])
  const found = [
    ...fresh.flatMap((row) => judge(run, { row, record: mapped.get(row) ?? null, stored, page })),
    ...contradicted.flatMap((row) => contradict(run, { row, record: mapped.get(row) ?? null, stored, page })),
  ]
  const differing = new Set(found.map(({ zohoId }) => zohoId))
  const equal = fresh.filter(({ zohoId }) => !differing.has(zohoId)).length
  return { found: oncePerRecord(run, found), compared: fresh.length, equal }
}

function mapListed({ wish }: IndexRun, { row }: ListedRow): MappedRecord | null {
  try {
    return mapRecord(wish.entity, row, 'list')
  } catch (error) {
    if (error instanceof TdsError) return null
    throw error
  }
}

type Standing = ReadonlyMap<string, StandingState>

async function standing({ parts, wish }: IndexRun, rows: readonly ListedRow[]): Promise<Standing> {
  const { organizationId, entity } = wish
  if (rows.length === 0) return new Map()
  const states = await parts.db.transaction(async (tx) => {
    await seeOneMoment(tx)
    return readStates(
      tx,
      entity,
      rows.map(({ zohoId }) => ({ organizationId, zohoId })),
    )
  })
  return new Map(
    rows.flatMap(({ zohoId }) => {
      const state = states.get(keyText({ organizationId, zohoId }))
      return state === undefined ? [] : [[zohoId, state]]
    }),
  )
}

interface Judged {
  readonly row: ListedRow
  /** Null where the row cannot be read. */
  readonly record: MappedRecord | null
  readonly stored: Standing
  readonly page: WalkedPage
}

function judge(run: IndexRun, { row, record, stored, page }: Judged): FoundRecord[] {
  const { zohoId } = row
  const state = stored.get(zohoId) ?? null
  if (record === null) {
    return [
      { zohoId, class: 'unreadable', fields: [], stored: state, theirVersion: null, theirColumns: null },
    ]
  }
  let finding: ReturnType<typeof compareRecord>
  try {
    finding = compareRecord(state, record)
  } catch (error) {
    // Custom fields of a row are read only here.
    if (!(error instanceof TdsError)) throw error
    finding = { class: 'unreadable', fields: ['custom_fields'] }
  }
  if (finding === null) return []
  const found = { ...finding, zohoId, stored: state, ...theirsOf(record) }
  return [isMeanwhile(run, found, page) ? { ...found, class: 'changed_meanwhile' } : found]
}

/** The list gave the record twice: under a new version it changed meanwhile, under the same one the list disagrees with itself. */
function contradict(run: IndexRun, { row, record, stored, page }: Judged): FoundRecord[] {
  const { zohoId } = row
  const state = stored.get(zohoId) ?? null
  if (record === null) return []
  const found: FoundRecord = {
    zohoId,
    class: 'duplicate',
    fields: [],
    stored: state,
    ...theirsOf(record),
  }
  const isMoved = found.theirVersion !== null && state?.version != null && found.theirVersion > state.version
  return [isMoved || isMeanwhile(run, found, page) ? { ...found, class: 'changed_meanwhile' } : found]
}

function theirsOf(record: MappedRecord): Pick<FoundRecord, 'theirVersion' | 'theirColumns'> {
  return { theirVersion: versionOf(record), theirColumns: record.columns }
}

/** The row was looked at after the list was asked, or Zoho's version is so young that its webhook may be under way. */
function isMeanwhile(run: IndexRun, found: FoundRecord, { sentAt }: WalkedPage): boolean {
  if (found.class === 'damaged') return false
  const { stored, theirVersion } = found
  const readMeanwhile =
    stored?.readAt != null && stored.readAt >= sentAt && stored.readAt <= sentAt + lookAhead
  return readMeanwhile || (theirVersion !== null && theirVersion > run.startedAt - onItsWay)
}

/** A time of reading further ahead than a page can take was not written by us. */
const lookAhead: Instant = 10 * 60 * 1_000_000

/** A contradiction says more than what either row alone says. */
function oncePerRecord({ meanwhile }: IndexRun, found: readonly FoundRecord[]): FoundRecord[] {
  const byId = new Map(found.map((record) => [record.zohoId, record]))
  return [...byId.values()].filter(({ zohoId }) => !meanwhile.has(zohoId))
}

/** Six bytes of SHA-256 as a number: enough to notice that a row is not the one before. */
function digestOf(record: MappedRecord | null): number {
  if (record === null) return -1
  const text = JSON.stringify([record.version, Object.entries(record.columns)])
  return createHash('sha256').update(text).digest().readUIntBE(0, 6)
}
