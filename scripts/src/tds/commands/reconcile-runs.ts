import { defineCommand } from '../command.ts'
import { pageOfRuns, runListInput, runListOptions, runListSchema, showRuns } from './sync-runs.ts'

/** `tds reconcile runs` */
export const reconcileRuns = defineCommand({
  description: 'Lists the runs that compare, newest first.',
  arguments: [],
  options: runListOptions,
  examples: ['reconcile runs --limit 10', 'reconcile runs --type invoice --status partial,failed'],
  changes: false,
  input: runListInput,
  data: runListSchema,
  run: (session, input) => pageOfRuns(session, input, { runTypes: ['reconciliation'] }),
  show: showRuns,
})
