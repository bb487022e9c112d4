import { z } from 'zod'
import type { OptionDefinition } from '../command.ts'

/** The argument that names an alert rule. */
export const ruleArgument: OptionDefinition = ['<rule>', 'the rule, as tds alert-rules list names it']

/** The one argument of a command about one rule. */
export const oneRuleInput = z.tuple([z.string()], 'expected the name of one rule')

/** The same with settings behind it: `key=value`, the value as JSON or, where it is none, as text; `default` takes one back. */
export const ruleChangesInput = z
  .tuple([z.string()], z.string())
  .refine(([, ...changes]) => changes.length > 0, 'expected the name of one rule and key=value')
  .transform(([rule, ...changes], context) => {
    const settings: Record<string, unknown> = {}
    for (const change of changes) {
      const at = change.indexOf('=')
      if (at > 0) settings[change.slice(0, at)] = valueOf(change.slice(at + 1))
      else context.addIssue({ code: 'custom', message: `expected key=value, not ${change}` })
    }
    return { rule, settings }
  })

function valueOf(text: string): unknown {
  if (text === 'default') return null
  try {
    return JSON.parse(text) as unknown
  } catch {
    return text
  }
}
