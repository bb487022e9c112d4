import { z } from 'zod'
import { backtest, findRule, readStored, settleRule } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { numberInput } from '../input/parse-input.ts'
import { oneRuleInput, ruleArgument } from '../input/rule-input.ts'
import { countWords } from '../output/amounts.ts'

const firingSchema = z.strictObject({
  firedAt: z.string(),
  resolvedAt: z.string().nullable(),
  highest: z.number(),
})

/** `tds alert-rules backtest` */
export const alertRulesBacktest = defineCommand({
  description:
    'Asks the stored metrics of the last hours when a rule would have fired by its present settings, exact to a minute. Only rules whose number is in tds_metrics can be asked; of the others it says so.',
  arguments: [ruleArgument],
  options: [['--hours <number>', 'hours to look back over, 1 to 720 (default: 24)']],
  examples: ['alert-rules backtest queue_backlog', 'alert-rules backtest slo_latency --hours 168'],
  changes: false,
  input: z.object({
    args: oneRuleInput,
    hours: numberInput
      .refine((hours) => hours >= 1 && hours <= 720, 'expected a whole number from 1 to 720')
      .default(24),
  }),
  data: z.strictObject({
    rule: z.string(),
    hours: z.int(),
    /** Whether the past keeps the number of the rule. */
    isStored: z.boolean(),
    samples: z.int(),
    highest: z.number().nullable(),
    firings: z.array(firingSchema),
  }),
  run: async (session, { args: [name], hours }) => {
    const rule = findRule(name)
    const db = await session.database()
    const found = await backtest(db, settleRule(rule, await readStored(db)), hours * 60)
    const { samples, highest, firings } = found ?? { samples: 0, highest: null, firings: [] }
    return { data: { rule: name, hours, isStored: found !== null, samples, highest, firings: [...firings] } }
  },
  show: ({ rule, hours, isStored, samples, highest, firings }) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          isStored
            ? `${rule} would have fired ${countWords(firings.length)} times in the last ${countWords(hours)} hours; ${countWords(samples)} minutes are known, the highest value was ${String(highest ?? 'none')}.`
            : `${rule} cannot be asked about the past: its number is not in tds_metrics.`,
        ],
      },
      {
        kind: 'table',
        columns: ['fired', 'over', 'highest'],
        rows: firings.map(({ firedAt, resolvedAt, highest: value }) => [firedAt, resolvedAt, value]),
      },
    ],
    ids: firings.map(({ firedAt }) => firedAt),
    records: firings,
  }),
})
