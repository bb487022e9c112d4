import { z } from 'zod'
import { changeRule } from '@tds/alerting'
import { defineCommand } from '../command.ts'
import { ruleArgument, ruleChangesInput } from '../input/rule-input.ts'
import { ruleChangeData, ruleChangeSchema, showRuleChange } from '../output/rule-change-data.ts'

/** `tds alert-rules set` */
export const alertRulesSet = defineCommand({
  description:
    'Changes settings of a rule, all that are named or none. What the rule does not accept is refused. A reason is needed. What was before and is after is kept in tds_operator_actions; the change holds from the next evaluation on.',
  arguments: [ruleArgument, ['<changes...>', 'key=value; key=default takes one back']],
  options: [],
  examples: [
    'alert-rules set queue_backlog threshold=5000 --reason "the sale begins"',
    'alert-rules set dead_tuples enabled=true severity=info --reason "a look at vacuum"',
  ],
  changes: true,
  input: z.object({ args: ruleChangesInput }),
  data: ruleChangeSchema,
  run: async (session, { args }) => {
    const change = await changeRule(await session.database(), args, session.reasonedRequest())
    return { data: ruleChangeData(change) }
  },
  show: showRuleChange,
})
