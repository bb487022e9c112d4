import { z } from 'zod'
import { entities, entityOf, remapRecords, type RemapReport } from '@tds/core'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { usageError } from '../output/failure.ts'

const problemSchema = z.strictObject({ recordId: z.string(), code: z.string(), problem: z.string() })
const count = z.int().min(0)

/** `tds records remap` */
export const recordsRemap = defineCommand({
  description:
    'Reads the bodies that the rows of a type keep again by the mapping of this version and applies what differs, with an audit entry each: so a field mapped later is filled for every record without a call to Zoho. May be broken off and run again.',
  arguments: [['<type>', `the type of record: ${entities.map(({ type }) => type).join(', ')}`]],
  options: [],
  examples: [
    'records remap product --dry-run --reason "brand is mapped now"',
    'records remap product --reason "brand is mapped now"',
  ],
  changes: true,
  input: z.object({ args: z.tuple([z.string()]) }),
  data: z.strictObject({
    entityType: z.string(),
    read: count,
    changed: count,
    unchanged: count,
    unreadable: count,
    fields: z.record(z.string(), count),
    problems: z.array(problemSchema),
    /** The last record was reached. */
    finished: z.boolean(),
  }),
  run: async (session, { args: [type] }) => {
    const entity = entityOf(type)
    if (entity === undefined)
      throw usageError(`<type>: expected one of ${entities.map((one) => one.type).join(', ')}`)
    const { actor, reason, dryRun } = session.reasonedRequest()
    const report = await remapRecords(await session.database(), entity, { actor, reason, dryRun })
    const exitCode = report.unreadable > 0 ? exitCodes.partial : exitCodes.done
    return { data: { entityType: entity.type, ...remapData(report) }, exitCode }
  },
  show: ({ entityType, read, changed, unchanged, unreadable, fields, problems }) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `${entityType}: ${String(read)} read, ${String(changed)} changed, ${String(unchanged)} unchanged, ${String(unreadable)} unreadable`,
        ],
      },
      { kind: 'table', columns: ['field', 'records'], rows: Object.entries(fields) },
      {
        kind: 'table',
        columns: ['record', 'code', 'problem'],
        rows: problems.map((problem) => [problem.recordId, problem.code, problem.problem]),
      },
    ],
    ids: problems.map((problem) => problem.recordId),
    records: problems,
  }),
})

function remapData({ read, changed, unchanged, unreadable, fields, problems, finished }: RemapReport) {
  const told = problems.map(({ zohoId, code, problem }) => ({ recordId: zohoId, code, problem }))
  return { read, changed, unchanged, unreadable, fields: { ...fields }, problems: told, finished }
}
