import { z } from 'zod'
import { entities, findRun } from '@tds/core'
import { differenceClasses, differenceStates, listDifferences, type StoredDifference } from '@tds/db'
import { defineCommand } from '../command.ts'
import {
  cursorAfterNumber,
  limitInput,
  numberCursorInput,
  runIdInput,
  wordsInput,
} from '../input/parse-input.ts'
import { isoTime, isoTimeOrNull } from './event-data.ts'

const types = entities.map((entity) => entity.type)

/** Column name → value as text: of amounts, numbers, days, flags and states alone. */
const valuesSchema = z.record(z.string(), z.string().nullable())
const differenceSchema = z.strictObject({
  /** In the order found. */
  differenceId: z.string(),
  runId: z.string(),
  organizationId: z.string(),
  entityType: z.string(),
  recordId: z.string(),
  class: z.enum(differenceClasses),
  state: z.enum(differenceStates),
  probableCause: z.string(),
  fields: z.array(z.string()),
  /** Null where there was no row. */
  ours: valuesSchema.nullable(),
  /** Null where Zoho had none. */
  theirs: valuesSchema.nullable(),
  ourVersion: z.iso.datetime().nullable(),
  theirVersion: z.iso.datetime().nullable(),
  note: z.string().nullable(),
  foundAt: z.iso.datetime(),
  settledAt: z.iso.datetime().nullable(),
})
type Difference = z.output<typeof differenceSchema>

/** `tds reconcile differences` */
export const reconcileDifferences = defineCommand({
  description:
    'Lists what comparisons found to differ from Zoho, in the order found, each with its probable cause and what became of it. With -o id the ids of the records.',
  arguments: [],
  options: [
    ['--type <type>', `only of this kind of record: ${types.join(', ')}`],
    ['--run <run>', 'only found by this run'],
    ['--state <states>', `only in these states, separated by commas: ${differenceStates.join(', ')}`],
    ['--class <classes>', `only of these classes, separated by commas: ${differenceClasses.join(', ')}`],
    ['--limit <count>', 'at most so many, 1 to 1000 (default: 50)'],
    ['--cursor <cursor>', 'go on where the page before ended'],
  ],
  examples: [
    'reconcile differences --state found,confirming,held,left',
    'reconcile differences --run 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21 --class damaged --json',
    'reconcile differences --type invoice --state left -o id',
  ],
  changes: false,
  input: z.object({
    type: z.enum(types, `expected one of ${types.join(', ')}`).optional(),
    run: runIdInput.optional(),
    state: wordsInput(differenceStates).optional(),
    class: wordsInput(differenceClasses).optional(),
    limit: limitInput,
    cursor: numberCursorInput.optional(),
  }),
  data: z.strictObject({ differences: z.array(differenceSchema) }),
  run: async (session, { type, run: runId, state, class: classes, limit, cursor }) => {
    const db = await session.database()
    // A run that never was found nothing either: that must not look like good news.
    if (runId !== undefined) await findRun(db, runId)
    const filter = { runId, entityType: type, states: state, classes, after: cursor }
    // One more than asked for tells whether there is more.
    const found = await listDifferences(db, filter, limit + 1)
    const shown = found.slice(0, limit)
    const last = shown.at(-1)
    const nextCursor = found.length > limit && last !== undefined ? cursorAfterNumber(last.id) : null
    return { data: { differences: shown.map(differenceData) }, nextCursor }
  },
  show: ({ differences }) => ({
    blocks: [{ kind: 'table', columns, rows: differences.map(rowOf) }],
    ids: differences.map(({ recordId }) => recordId),
    records: differences,
  }),
})

const columns = ['found', 'type', 'record', 'class', 'state', 'fields', 'probable cause', 'note', 'run']

function rowOf(one: Difference): (string | null)[] {
  const { foundAt, entityType, recordId, state, fields, probableCause, note, runId } = one
  return [foundAt, entityType, recordId, one.class, state, fields.join(', '), probableCause, note, runId]
}

function differenceData(stored: StoredDifference): Difference {
  return {
    differenceId: stored.id,
    runId: stored.run_id,
    organizationId: stored.organization_id,
    entityType: stored.entity_type,
    recordId: stored.zoho_id,
    class: stored.class,
    state: stored.state,
    probableCause: stored.probable_cause,
    fields: [...stored.fields],
    ours: valuesOf(stored.ours),
    theirs: valuesOf(stored.theirs),
    ourVersion: isoTimeOrNull(stored.our_version),
    theirVersion: isoTimeOrNull(stored.their_version),
    note: stored.note,
    foundAt: isoTime(stored.found_at),
    settledAt: isoTimeOrNull(stored.settled_at),
  }
}

function valuesOf(json: string | null): Difference['ours'] {
  return json === null ? null : valuesSchema.parse(JSON.parse(json))
}
