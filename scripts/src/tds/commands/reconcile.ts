import { z } from 'zod'
import { listDifferences } from '@tds/db'
import { defineCommand } from '../command.ts'
import { typesArgument, typesInput, waitInput, waitOptions } from '../input/run-input.ts'
import { askedRunsSchema, askForRuns, showAskedRuns } from '../runs/ask-for-runs.ts'
import type { RunData } from '../runs/run-data.ts'
import type { Session } from '../session.ts'

const depths = ['index', 'full'] as const

/** `tds reconcile` */
export const reconcile = defineCommand({
  description:
    'Asks for a comparison of a type with Zoho, which a worker begins within seconds, and for the repair of what differs. One run of a type at a time. With --wait it exits 8 where differences were found and not repaired.',
  arguments: [typesArgument],
  options: [
    ['--depth <depth>', 'index compares all rows of the list, full reads details again (default: index)'],
    ['--no-repair', 'only find what differs'],
    ...waitOptions,
  ],
  examples: [
    'reconcile invoice --reason "the month is closed"',
    'reconcile all --no-repair --wait --json',
    'reconcile price_list --depth full --dry-run',
  ],
  changes: true,
  input: z.object({
    args: typesInput,
    depth: z.enum(depths, `expected one of ${depths.join(', ')}`).default('index'),
    repair: z.boolean().default(true),
    ...waitInput,
  }),
  data: askedRunsSchema,
  run: async (session, { args, depth, repair, ...wait }) => {
    const organizationId = session.organizationId()
    const kind = 'reconciliation' as const
    const wanted = args.map((entity) => ({ organizationId, entity, kind, mode: depth, request: { repair } }))
    return askForRuns(session, { ...wait, wanted, isBad: (run) => leavesDifferences(session, run) })
  },
  show: showAskedRuns,
})

/** That nobody will repair: the run was not to, or the fuse over deletions holds them. All others have a read that is owed. */
async function leavesDifferences(session: Session, { runId }: RunData): Promise<boolean> {
  const unrepaired = { runId, states: ['left', 'held'] as const }
  return (await listDifferences(await session.database(), unrepaired, 1)).length > 0
}
