import { z } from 'zod'
import type { Acknowledgement } from '@tds/alerting'
import { TdsError } from '@tds/runtime'
import type { Outcome } from '../command.ts'
import { isoTimeOrNull } from '../commands/event-data.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Shown } from '../output/shown.ts'

const resultSchema = z.strictObject({
  alertId: z.string(),
  outcome: z.enum(['done', 'noted', 'alert_not_active', 'alert_not_found']),
  rule: z.string().nullable(),
  /** Who has it in hand now; null for nobody. */
  by: z.string().nullable(),
  until: z.iso.datetime().nullable(),
})

/** What stands under `data` after alerts were taken in hand or given back. */
export const acknowledgeSchema = z.strictObject({ results: z.array(resultSchema) })
type AcknowledgeData = z.output<typeof acknowledgeSchema>
type Result = z.output<typeof resultSchema>

/**
 * Does it for each alert by itself: one that has ended meanwhile keeps nobody from the others. Where it could be done for
 * none, the first failure is the command's.
 */
export async function acknowledgeEach(
  ids: readonly string[],
  work: (id: string) => Promise<Acknowledgement>,
): Promise<Outcome<AcknowledgeData>> {
  const results: Result[] = []
  const failures: TdsError[] = []
  for (const id of ids) {
    try {
      results.push(resultOf(await work(id)))
    } catch (error) {
      const outcome = error instanceof TdsError ? refusals.find((code) => code === error.code) : undefined
      if (!(error instanceof TdsError) || outcome === undefined) throw error
      failures.push(error)
      results.push({ alertId: id, outcome, rule: null, by: null, until: null })
    }
  }
  const [first] = failures
  if (first !== undefined && failures.length === ids.length) throw first
  return { data: { results }, exitCode: first === undefined ? exitCodes.done : exitCodes.partial }
}

const refusals = ['alert_not_active', 'alert_not_found'] as const

function resultOf({ alertId, rule, by, until, changed }: Acknowledgement): Result {
  return { alertId, outcome: changed ? 'done' : 'noted', rule, by, until: isoTimeOrNull(until) }
}

/** The same for people. */
export function showAcknowledged({ results }: AcknowledgeData): Shown {
  return {
    blocks: [
      {
        kind: 'table',
        columns: ['alert', 'outcome', 'rule', 'in hand of', 'until'],
        rows: results.map((one) => [one.alertId, one.outcome, one.rule, one.by, one.until]),
      },
    ],
    ids: results.filter(({ outcome }) => outcome === 'done').map(({ alertId }) => alertId),
    records: results,
  }
}
