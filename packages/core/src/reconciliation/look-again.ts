import { TdsError } from '@tds/runtime'
import { mapRecord } from '../entities/map-record.ts'
import type { ExactObject } from '../json/index.ts'
import type { RecordAnswer } from '../sync/record-source.ts'
import { keyText, readStates, type StandingState } from '../sync/stored-states.ts'
import { compareRecord, versionOf, type Finding } from './compare-record.ts'
import { walkOf, type IndexRun } from './index-run.ts'
import { keepFindings } from './keep-findings.ts'
import type { FoundRecord } from './new-difference.ts'

/**
 * Looks once more, by a direct read each, at what changed while it was compared: where the record here is now as Zoho says, it
 * was no difference; where it is not, it is one of its true class. False when somebody cancelled the run.
 */
export async function lookAgain(run: IndexRun): Promise<boolean> {
  for (const record of run.meanwhile.values()) {
    const call = await run.parts.source.admit(walkOf(run))
    const now = await compareNow(run, record, await call.read(record.zohoId))
    const counts = { apiCalls: 1, read: 0 }
    const status =
      now === null
        ? await keepFindings(run, [record], {
            counts: { ...counts, unchanged: 1 },
            state: 'agreed',
            note: 'a direct read found none',
          })
        : await keepFindings(run, [now], { counts })
    if (status !== 'running') return false
  }
  return true
}

async function compareNow(
  { parts, wish }: IndexRun,
  record: FoundRecord,
  answer: RecordAnswer,
): Promise<FoundRecord | null> {
  const key = { organizationId: wish.organizationId, zohoId: record.zohoId }
  const stored = (await readStates(parts.db, wish.entity, [key])).get(keyText(key)) ?? null
  if (answer.kind === 'not-there') {
    const isGone = stored === null || stored.deletedAt !== null
    const gone: Finding = { class: 'missing_in_zoho', fields: [] }
    return isGone ? null : { ...gone, zohoId: key.zohoId, stored, theirVersion: null, theirColumns: null }
  }
  return compareDetail(wish, { record, stored, detail: answer.record })
}

function compareDetail(
  { entity }: Pick<IndexRun['wish'], 'entity'>,
  o: {
    readonly record: FoundRecord
    readonly stored: StandingState | null
    readonly detail: ExactObject
  },
): FoundRecord | null {
  const { record, stored, detail } = o
  try {
    const theirs = mapRecord(entity, detail, 'detail')
    const finding = compareRecord(stored, theirs)
    if (finding === null) return null
    // A detail may lack the version that its list row has.
    const theirVersion = versionOf(theirs) ?? record.theirVersion
    return { ...finding, zohoId: record.zohoId, stored, theirVersion, theirColumns: theirs.columns }
  } catch (error) {
    if (!(error instanceof TdsError)) throw error
    return { ...record, class: 'unreadable', fields: [], stored, theirColumns: null }
  }
}
