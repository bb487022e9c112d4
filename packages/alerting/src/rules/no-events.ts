import { z } from 'zod'
import { isWitnessedQuiet, silenceOf } from '@tds/core'
import { webhookHabits, type WebhookHabit } from '@tds/db'
import { defineRule, type Sample } from './rule.ts'

const settings = z.strictObject({
  hours: z.int().min(1).max(2400).default(24).describe('hours without a webhook of a type'),
  urgentHours: z.int().min(1).max(2400).default(72).describe('hours after which it is an error'),
})
type Settings = z.output<typeof settings>

/**
 * No webhook of a type has come for long, and that is not its habit. Types of which Zoho sends none, such as price lists, are
 * not watched.
 */
export const noEvents = defineRule<Settings>({
  name: 'no_events',
  title: 'No webhook of a type comes any more',
  timing: { enabled: true, severity: 'warning', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set, timeZone }) => {
    const habits = await webhookHabits(tx, timeZone ?? 'UTC')
    return habits.map((habit) => judge(habit, set))
  },
})

function judge(habit: WebhookHabit, { hours, urgentHours }: Settings): Sample {
  const { organization_id: organization, entity_type: entity, silent_seconds: silent } = habit
  const isUrgent = silent > urgentHours * 3600
  return {
    labels: { organization, entity },
    value: silent,
    threshold: (isUrgent ? urgentHours : hours) * 3600,
    breaches: isMissed(habit) && silent > hours * 3600,
    ...(isUrgent ? { severity: 'error' as const } : {}),
    facts: { silentBusyHours: habit.silent_busy_hours, seenByReads: habit.seen_since },
  }
}

/** Where too few came to tell a habit, every silence counts in which reads do not prove that nothing has changed. */
function isMissed(habit: WebhookHabit): boolean {
  const state = silenceOf(habit)
  if (state === 'learning') return !isWitnessedQuiet(habit)
  return state === 'silent' || state === 'never'
}
