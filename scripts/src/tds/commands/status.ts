import { z } from 'zod'
import { callBudgetChecks, circuitCheck, dataChecks, deletionFuseCheck, pipelineChecks } from '@tds/core'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'

const verdicts = ['healthy', 'degraded', 'unhealthy'] as const
const checkSchema = z.strictObject({ name: z.string(), status: z.enum(verdicts), detail: z.string() })

/** `tds status` */
export const status = defineCommand({
  description:
    'Says how the installation is: its worst check in one line, then all of them. The checks are those of the health page of the daemons.',
  arguments: [],
  options: [['--check', 'exit 8 unless everything is healthy']],
  examples: ['status', 'status --check --json'],
  changes: false,
  input: z.object({ check: z.boolean().default(false) }),
  data: z.strictObject({ verdict: z.enum(verdicts), checks: z.array(checkSchema) }),
  run: async (session, input) => {
    const db = await session.database()
    const checks = await Promise.all(
      [
        ...pipelineChecks(db),
        deletionFuseCheck(db),
        circuitCheck(db),
        ...callBudgetChecks(db),
        ...dataChecks(db),
      ].map(async (check) => {
        const { status: state, detail } = await check.check()
        return { name: check.name, status: state, detail }
      }),
    )
    const verdict = verdicts.findLast((word) => checks.some((check) => check.status === word)) ?? 'healthy'
    const isBad = input.check && verdict !== 'healthy'
    return { data: { verdict, checks }, exitCode: isBad ? exitCodes.badVerdict : exitCodes.done }
  },
  show: ({ verdict, checks }) => ({
    blocks: [
      { kind: 'lines', lines: [verdictLine(verdict, checks)] },
      {
        kind: 'table',
        columns: ['check', 'status', 'detail'],
        rows: checks.map((check) => [check.name, check.status, check.detail]),
      },
    ],
    ids: [verdict],
    records: checks,
  }),
})

function verdictLine(verdict: string, checks: readonly z.output<typeof checkSchema>[]): string {
  const bad = checks.filter((check) => check.status !== 'healthy').map((check) => check.name)
  return bad.length === 0 ? verdict : `${verdict}: ${bad.join(', ')}`
}
