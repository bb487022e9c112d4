import type { Database } from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { EntityDefinition } from '../entities/define-entity.ts'
import { ExactNumber, type ExactObject } from '../json/index.ts'
import { databaseNow } from '../sync/database-now.ts'
import type { Instant } from '../sync/instant.ts'
import type { CallLane, RecordSource } from '../sync/record-source.ts'

/** Rows of a page; Zoho gives no more. */
export const rowsPerPage = 200

/** Which list is walked, for what, and from where. */
export interface Walk {
  readonly db: Database
  readonly source: RecordSource
  readonly organizationId: string
  readonly entity: EntityDefinition
  readonly lane: CallLane
  readonly signal: AbortSignal
  /** Leaves out what is older, where the list does so. Null walks all. */
  readonly modifiedSince: Instant | null
  /** From 1; a resumed walk begins where the one before stood. */
  readonly firstPage?: number
}

/** A row of a list with the id that it is about. */
export interface ListedRow {
  readonly zohoId: string
  readonly row: ExactObject
}

/** A page that can be used. */
export interface WalkedPage {
  readonly page: number
  /** The database's time just before the request went out. */
  readonly sentAt: Instant
  /** In the order given, without the ids that an earlier page of this walk held. */
  readonly rows: readonly ListedRow[]
  /** Rows left out because an earlier page held them: the list moved while it was walked. */
  readonly repeated: number
  /** Rows of ids that this walk had already, on an earlier page or on this one: with other content they contradict it. */
  readonly repeats: readonly ListedRow[]
  readonly isLast: boolean
}

/**
 * Walks a list to its end, page by page, one call each; every page is checked before it is given out. The end is where the
 * source says that there is no more, and a list that contradicts itself has no end that could be trusted.
 * Throws TdsError `list_unreliable` (retry) for a page that is shorter than its successor allows, empty with more to come,
 * made of nothing new, or with a row that has no id: what was given out until then stands, and absence from this walk means nothing.
 */
export async function* walkList(walk: Walk): AsyncGenerator<WalkedPage, void, undefined> {
  const seen = new Set<string>()
  for (let page = walk.firstPage ?? 1; ; page += 1) {
    const { sentAt, answer } = await askForPage(walk, page)
    const rows = answer.rows.map((row) => ({ zohoId: idOf(walk, page, row), row }))
    const fresh = rows.filter(({ zohoId }) => !seen.has(zohoId))
    for (const { zohoId } of fresh) seen.add(zohoId)
    const isLast = !answer.hasMore
    if (!isLast) expectFullPage(walk, { page, rows: rows.length, fresh: fresh.length })
    const unique = uniqueRows(fresh)
    const kept = new Set(unique)
    const repeats = rows.filter((row) => !kept.has(row))
    yield { page, sentAt, rows: unique, repeated: rows.length - fresh.length, repeats, isLast }
    if (isLast) return
  }
}

async function askForPage(walk: Walk, page: number) {
  const { db, source, organizationId, entity, lane, signal, modifiedSince } = walk
  const call = await source.admit({ organizationId, entity, lane, signal })
  let sentAt: Instant
  try {
    sentAt = await db.transaction(databaseNow)
  } catch (error) {
    await call.release()
    throw error
  }
  const answer = await call.readPage({ page, perPage: rowsPerPage, modifiedSince })
  return { sentAt, answer }
}

/** A row without its id cannot be told from any other: then nothing of the page is sure. */
function idOf({ entity }: Walk, page: number, row: ExactObject): string {
  const value = row[entity.source.id]
  const id = value instanceof ExactNumber ? value.source : value
  if (typeof id === 'string' && id !== '') return copyOf(id)
  throw unreliable(`has a row without "${entity.source.id}"`, { entity: entity.type, page })
}

/**
 * What was read from a body is a slice of its text and keeps all of it in memory. Ids outlive their pages: a run remembers
 * every one of them, and with slices it would hold the whole list.
 */
function copyOf(id: string): string {
  return Buffer.from(id).toString()
}

function expectFullPage(
  { entity }: Walk,
  { page, rows, fresh }: { readonly page: number; readonly rows: number; readonly fresh: number },
): void {
  const problem =
    rows === 0
      ? 'is empty'
      : rows < rowsPerPage
        ? `has ${String(rows)} of ${String(rowsPerPage)} rows`
        : fresh === 0
          ? 'repeats the ones before'
          : null
  if (problem === null) return
  throw unreliable(`${problem} although there is said to be more`, { entity: entity.type, page, rows })
}

function unreliable(problem: string, facts: Readonly<Record<string, unknown>> & { readonly page: number }) {
  return new TdsError(`Page ${String(facts.page)} of Zoho's list ${problem}.`, {
    code: 'list_unreliable',
    disposition: 'retry',
    nextStep:
      'None: the list is walked again by itself, and nothing is taken for deleted because of this walk.',
    facts,
  })
}

/** One page may hold an id twice, too; the later row is the one that the source wrote last. */
function uniqueRows(rows: readonly ListedRow[]): ListedRow[] {
  return [...new Map(rows.map((row) => [row.zohoId, row])).values()]
}
