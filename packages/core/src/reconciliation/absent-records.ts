import { livingKeysAfter } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { walkList } from '../scan/walk-list.ts'
import { writeInstant } from '../sync/instant.ts'
import { recordTableOf } from '../sync/record-table.ts'
import { keyText, readStates } from '../sync/stored-states.ts'
import { deletionsLeft } from './deletion-allowance.ts'
import { repairs, walkOf, type IndexRun } from './index-run.ts'
import { keepFindings } from './keep-findings.ts'
import { missRecords } from './miss-records.ts'
import type { FoundRecord } from './new-difference.ts'
import { walkIndex } from './walk-index.ts'

/** How taking stock of the absent ended. `held` is how many the fuse holds instead of letting them be read. */
export interface AbsentReport {
  readonly absent: number
  readonly held: number
  readonly cancelled: boolean
}

const keysPerQuery = 500

/**
 * Finds the living records that the list did not hold and owes a read of each: absence alone never deletes. More than the fuse lets
 * be deleted are held instead. Before anything is called absent a list that moved, or lacks more records than it has pages, is walked
 * once more, and its end is tried. Throws TdsError `list_unreliable` for a list that is empty or has rows beyond its end.
 */
export async function keepAbsent(run: IndexRun): Promise<AbsentReport> {
  let absent = await countAbsent(run)
  if (absent > 0 && run.seen.size === 0) throw unreliable(run, 'is empty although records are here')
  if (run.moved || absent > run.pages) {
    if (!(await walkIndex(run))) return { absent: 0, held: 0, cancelled: true }
    absent = await countAbsent(run)
  }
  if (absent === 0) return { absent, held: 0, cancelled: false }
  await expectEnd(run)
  const held = repairs(run) ? await holdBeyondLimit(run, absent) : 0
  const note = 'not read: more are absent than the deletion fuse lets be deleted'
  let kept = 0
  for await (const chunk of absentChunks(run)) {
    const status = await keepFindings(run, chunk, held > 0 ? { state: 'held', note } : {})
    if (status !== 'running') return { absent, held: 0, cancelled: true }
    kept += chunk.length
  }
  return { absent: kept, held, cancelled: false }
}

/** More than may be deleted within the hour are not asked about at all: the fuse holds all of them for a person. */
async function holdBeyondLimit(run: IndexRun, absent: number): Promise<number> {
  const { organizationId, entity } = run.wish
  if (absent <= (await deletionsLeft(run.parts.db, { organizationId, entity }))) return 0
  const zohoIds: string[] = []
  for await (const ids of absentKeys(run)) zohoIds.push(...ids)
  const missing = { organizationId, entity, zohoIds, lookedAt: run.startedAt }
  return (await missRecords(run.parts, missing)).held
}

async function countAbsent(run: IndexRun): Promise<number> {
  let count = 0
  for await (const keys of absentKeys(run)) count += keys.length
  return count
}

async function* absentChunks(run: IndexRun): AsyncGenerator<FoundRecord[]> {
  const { organizationId, entity } = run.wish
  for await (const ids of absentKeys(run)) {
    const states = await readStates(
      run.parts.db,
      entity,
      ids.map((zohoId) => ({ organizationId, zohoId })),
    )
    yield ids.map((zohoId) => ({
      zohoId,
      class: 'missing_in_zoho',
      fields: [],
      stored: states.get(keyText({ organizationId, zohoId })) ?? null,
      theirVersion: null,
      theirColumns: null,
    }))
  }
}

/** What Zoho was asked about since the run began is no matter of this list any more. */
async function* absentKeys({ parts, wish, seen, startedAt }: IndexRun): AsyncGenerator<string[]> {
  const { organizationId, entity } = wish
  const unreadSince = writeInstant(startedAt)
  for (let after = ''; ;) {
    const keys = await livingKeysAfter(parts.db, recordTableOf(entity), {
      organizationId,
      after,
      unreadSince,
      limit: keysPerQuery,
    })
    const absent = keys.map((key) => key.zoho_id).filter((id) => !seen.has(id))
    if (absent.length > 0) yield absent
    const last = keys.at(-1)
    if (last === undefined || keys.length < keysPerQuery) return
    after = last.zoho_id
  }
}

/** A list that says it has ended may lie: then the page after its last one has rows. One call, only where records are absent. */
async function expectEnd(run: IndexRun): Promise<void> {
  const firstPage = run.lastPage + 1
  for await (const page of walkList({ ...walkOf(run), firstPage })) {
    await keepFindings(run, [], { counts: { apiCalls: 1 } })
    if (page.rows.some(({ zohoId }) => !run.seen.has(zohoId)))
      throw unreliable(run, 'goes on after it said that there is no more')
    return
  }
}

function unreliable({ wish, lastPage }: IndexRun, problem: string): TdsError {
  return new TdsError(`Zoho's list ${problem}.`, {
    code: 'list_unreliable',
    disposition: 'retry',
    nextStep:
      'None: the list is walked again by itself, and nothing is taken for deleted because of this walk.',
    facts: { entity: wish.entity.type, page: lastPage },
  })
}
