import { z } from 'zod'
import { redriveEvents, type RedriveResult } from '@tds/core'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { eventIdInput } from '../input/parse-input.ts'
import { readGiven } from '../input/read-text.ts'
import { usageError } from '../output/failure.ts'
import type { Session } from '../session.ts'

/** What became of one event. */
export const redriveResultSchema = z.strictObject({
  eventId: z.string(),
  outcome: z.enum(['requeued', 'still_unusable', 'not_found', 'settled']),
  entityType: z.string().nullable(),
  recordId: z.string().nullable(),
  operation: z.string().nullable(),
  reason: z.string().nullable(),
  detail: z.string().nullable(),
})

/** `tds quarantine redrive` */
export const quarantineRedrive = defineCommand({
  description:
    'Reads quarantined deliveries again, exactly as they came, and gives those that are usable now to the worker. It helps after a new version, another ZOHO_ORGANIZATION_ID or a clock that was wrong. What is still unusable stays.',
  arguments: [['<ids...>', 'the events; - reads them from standard input, one a line']],
  options: [],
  examples: [
    'quarantine redrive 58d7d51b-6a0e-5c3a-9f61-0d3f6a7f6f10 --dry-run',
    'quarantine list --reason-code future -o id | tds quarantine redrive - --reason "clock was wrong"',
  ],
  changes: true,
  input: z.object({ args: z.array(z.string()) }),
  data: z.strictObject({ results: z.array(redriveResultSchema) }),
  run: async (session, { args }) => {
    const ids = await idsOf(session, args)
    const results = await redriveEvents(await session.redriveParts(), ids, session.request())
    const failed = results.filter((result) => result.outcome !== 'requeued')
    const exitCode = failed.length > 0 ? exitCodes.partial : exitCodes.done
    return { data: { results: results.map(redriveData) }, exitCode }
  },
  show: ({ results }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['event', 'outcome', 'type', 'record', 'operation', 'reason', 'detail'],
        rows: results.map((result) => [
          result.eventId,
          result.outcome,
          result.entityType,
          result.recordId,
          result.operation,
          result.reason,
          result.detail,
        ]),
      },
    ],
    ids: results.filter((result) => result.outcome === 'requeued').map((result) => result.eventId),
    records: results,
  }),
})

async function idsOf(session: Session, args: readonly string[]): Promise<string[]> {
  const given = args.includes('-')
    ? (await readGiven(session, { flag: 'the ids', source: '-' })).toString().split(/\s+/)
    : args
  const ids = given.filter((id) => id !== '').map((id) => eventIdInput.safeParse(id))
  if (ids.length === 0) throw usageError('the argument: expected the id of at least one event')
  return ids.map((id) => {
    if (id.success) return id.data
    throw usageError('the argument: expected ids of events, which are UUIDs')
  })
}

/** What became of one event, as results have it. */
export function redriveData({
  sourceEntityId,
  ...result
}: RedriveResult): z.output<typeof redriveResultSchema> {
  return { ...result, recordId: sourceEntityId }
}
