import { z } from 'zod'
import { entities, planLoads, type PlannedLoad } from '@tds/core'
import { defineCommand } from '../command.ts'
import { typesInput } from '../input/run-input.ts'
import { aboutTime, countWords } from '../output/amounts.ts'
import { estimateData, estimateSchema } from '../runs/estimate-data.ts'
import { runData, runSchema } from '../runs/run-data.ts'

const count = z.int().min(0)
const loadSchema = z.strictObject({
  entityType: z.string(),
  /** Its list was read whole once. */
  loaded: z.boolean(),
  /** Living records here. */
  records: count,
  /** Rows of its list; null where nobody found out. */
  rows: count.nullable(),
  /** A run has met each of them; otherwise there are at most so many. */
  counted: z.boolean(),
  lastRun: runSchema.nullable(),
  estimate: estimateSchema,
})

type Load = z.output<typeof loadSchema>

/** `tds sync plan` */
export const syncPlan = defineCommand({
  description:
    'Says beforehand what first loads take, as far as it is known, or, once a type is loaded, what its details still take: calls and time. Makes no call. What is not known yet a rehearsal of a full run finds out, which reads the list.',
  arguments: [
    ['[type...]', `the types of record, or all (default): ${entities.map(({ type }) => type).join(', ')}`],
  ],
  options: [],
  examples: ['sync plan', 'sync plan invoice bill --json'],
  changes: false,
  input: z.object({ args: typesInput }),
  data: z.strictObject({
    loads: z.array(loadSchema),
    /** Of all of them together; null where it is not known of each. */
    calls: count.nullable(),
    seconds: count.nullable(),
  }),
  run: async (session, { args }) => {
    const organizationId = session.organizationId()
    const types = args.length === 0 ? entities : args
    const { loads, calls, seconds } = await planLoads(await session.database(), organizationId, types)
    const data = { loads: loads.map(loadData), calls, seconds: seconds === null ? null : Math.ceil(seconds) }
    return { data, warnings: unknownOf(data.loads) }
  },
  show: ({ loads, calls, seconds }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['type', 'loaded', 'records here', 'rows', 'calls left', 'time left', 'last run', 'status'],
        rows: loads.map((load) => [
          load.entityType,
          load.loaded ? 'yes' : 'no',
          load.records,
          load.rows === null ? 'unknown' : `${load.counted ? '' : 'at most '}${countWords(load.rows)}`,
          load.estimate.calls === null ? 'unknown' : `about ${countWords(load.estimate.calls)}`,
          load.estimate.seconds === null ? 'unknown' : aboutTime(load.estimate.seconds),
          load.lastRun?.mode ?? 'none',
          load.lastRun?.status ?? null,
        ]),
      },
      {
        kind: 'lines',
        lines: [
          calls === null
            ? 'What all of it takes is not known.'
            : `All of it takes about ${countWords(calls)} calls${seconds === null ? '' : `, ${aboutTime(seconds)}`}.`,
        ],
      },
    ],
    ids: loads.map(({ entityType }) => entityType),
    records: loads,
  }),
})

function loadData({ length, lastRun, estimate, ...load }: PlannedLoad): Load {
  return {
    ...load,
    rows: length?.rows ?? null,
    counted: length?.counted ?? false,
    lastRun: lastRun === null ? null : runData(lastRun),
    estimate: estimateData(estimate),
  }
}

function unknownOf(loads: readonly Load[]) {
  const types = loads.filter(({ estimate }) => estimate.calls === null).map(({ entityType }) => entityType)
  if (types.length === 0) return []
  const message = `how long these lists are nobody has found out; tds sync ${types.join(' ')} --full --dry-run does, with a call for 200 rows`
  return [{ code: 'length_unknown', message }]
}
