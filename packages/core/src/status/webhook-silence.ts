import type { WebhookHabit } from '@tds/db'

/** What a silence of webhooks is judged by. */
export const silenceThresholds = {
  /** A silence is judged by a habit, and a habit is learned from no fewer webhooks. */
  silence: { minimumWebhooks: 20, leastBusyHours: 2, timesUsualGap: 2 },
  /** A type that was first loaded so long ago should have had a webhook if anything has changed. */
  neverHours: 24,
  /** Reads are a witness of a quiet source if one ended so recently. */
  witnessSeconds: 3600,
} as const

/** How a type stands: `silent` and `never` are alarms, `quiet` is a silence in which reads found no change either. */
export type SilenceState = 'speaking' | 'learning' | 'quiet' | 'silent' | 'none-yet' | 'never'

/** Judges the silence of one type by its habit. */
export function silenceOf(habit: WebhookHabit): SilenceState {
  if (habit.last_webhook_at === null) return hasMissedAll(habit) ? 'never' : 'none-yet'
  const limit = habitOf(habit)
  if (limit === null) return 'learning'
  if (habit.silent_busy_hours < limit) return 'speaking'
  return isWitnessedQuiet(habit) ? 'quiet' : 'silent'
}

/** Nothing has changed as long as reads saw nothing new: then nothing could be told. */
function hasMissedAll({ loaded_seconds: loaded, seen_since: seen }: WebhookHabit): boolean {
  return loaded !== null && loaded >= silenceThresholds.neverHours * 3600 && seen > 0
}

/** The longest wait that is usual, in busy hours; null where too few webhooks have come to tell. */
export function habitOf({ learned_from: from, usual_gap: gap }: WebhookHabit): number | null {
  const { minimumWebhooks, leastBusyHours, timesUsualGap } = silenceThresholds.silence
  if (from < minimumWebhooks || gap === null) return null
  return Math.max(leastBusyHours, timesUsualGap * gap)
}

/** Whether reads looked lately and found no change either. */
export function isWitnessedQuiet({ run_seconds: run, seen_since: seen }: WebhookHabit): boolean {
  return run !== null && run <= silenceThresholds.witnessSeconds && seen === 0
}
