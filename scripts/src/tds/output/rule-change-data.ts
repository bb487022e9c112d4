import { z } from 'zod'
import type { RuleChange } from '@tds/alerting'
import { countWords } from './amounts.ts'
import type { Shown } from './shown.ts'

/** What stands under `data` after a change of a rule. */
export const ruleChangeSchema = z.strictObject({
  rule: z.string(),
  changes: z.array(z.strictObject({ key: z.string(), before: z.unknown(), after: z.unknown() })),
  /** All settings as they are now. */
  settings: z.record(z.string(), z.unknown()),
})
type RuleChangeData = z.output<typeof ruleChangeSchema>

/** A change as the JSON form has it. */
export function ruleChangeData({ rule, before, after }: RuleChange): RuleChangeData {
  const keys = Object.keys(after).filter((key) => before[key] !== after[key])
  return {
    rule,
    changes: keys.map((key) => ({ key, before: before[key], after: after[key] })),
    settings: { ...after },
  }
}

/** A change for people. */
export function showRuleChange({ rule, changes, settings }: RuleChangeData): Shown {
  const said = `${rule}: ${countWords(changes.length)} settings changed; they hold from the next evaluation on.`
  return {
    blocks: [
      { kind: 'lines', lines: [changes.length === 0 ? `${rule}: nothing changed.` : said] },
      {
        kind: 'table',
        columns: ['setting', 'before', 'after'],
        rows: changes.map(({ key, before, after }) => [key, String(before), String(after)]),
      },
    ],
    ids: [rule],
    records: [{ rule, changes, settings }],
  }
}
