import { z } from 'zod'
import { resetRule } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { oneRuleInput, ruleArgument } from '../input/rule-input.ts'
import { ruleChangeData, ruleChangeSchema, showRuleChange } from '../output/rule-change-data.ts'

/** `tds alert-rules reset` */
export const alertRulesReset = defineCommand({
  description:
    'Takes all settings of a rule back to their defaults. A reason is needed. What was before is kept in tds_operator_actions.',
  arguments: [ruleArgument],
  options: [],
  examples: [
    'alert-rules reset queue_backlog --reason "the sale is over"',
    'alert-rules reset queue_backlog --reason "a try" --dry-run',
  ],
  changes: true,
  input: z.object({ args: oneRuleInput }),
  data: ruleChangeSchema,
  run: async (session, { args: [rule] }) => {
    const change = await resetRule(await session.database(), rule, session.reasonedRequest())
    return { data: ruleChangeData(change) }
  },
  show: showRuleChange,
})
