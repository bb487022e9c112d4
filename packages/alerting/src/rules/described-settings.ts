import { z } from 'zod'
import type { AlertRule } from './rule.ts'

/** A setting of a rule, for people. */
export interface DescribedSetting {
  readonly key: string
  readonly fallback: unknown
  readonly description: string
}

const timing = {
  enabled: 'whether it is evaluated',
  severity:
    'how urgent it is, where the value does not make it more urgent: info, warning, error or critical',
  forSeconds: 'seconds that it must be so before it fires',
  keepSeconds: 'seconds that it must no longer be so before it is over',
} as const

/** All settings of a rule with their defaults: those that every rule has, then its own. */
export function describedSettings(rule: AlertRule): readonly DescribedSetting[] {
  const shared = Object.entries(timing).map(([key, description]) => ({
    key,
    description,
    fallback: rule.timing[key as keyof typeof timing],
  }))
  if (!(rule.settings instanceof z.ZodObject)) return shared
  const fallbacks = rule.settings.parse({})
  const own = Object.entries(rule.settings.shape).map(([key, field]) => ({
    key,
    description: field instanceof z.ZodType ? (field.description ?? '') : '',
    fallback: fallbacks[key],
  }))
  return [...shared, ...own]
}
