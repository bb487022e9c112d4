import { z } from 'zod'
import { matcherWords, readMatchers, type SilenceChange } from '@tds/alerting'
import type { StoredSilence } from '@tds/db'
import type { Outcome } from '../command.ts'
import { isoTime } from '../commands/event-data.ts'
import { countWords } from '../output/amounts.ts'
import type { Block, Shown } from '../output/shown.ts'

/** A silence in the JSON form. */
export const silenceSchema = z.strictObject({
  silenceId: z.string(),
  state: z.enum(['pending', 'active', 'expired']),
  /** What it catches, as `alerts silence` takes it; all must hold. */
  catches: z.string(),
  startsAt: z.iso.datetime(),
  endsAt: z.iso.datetime(),
  author: z.string(),
  reason: z.string(),
  /** Who ended it early; null where nobody did. */
  endedBy: z.string().nullable(),
})
type SilenceData = z.output<typeof silenceSchema>

/** What stands under `data` after a silence was made or ended. */
export const silenceChangeSchema = z.strictObject({
  silence: silenceSchema,
  /** What it catches of the alerts that are active now. */
  caught: z.array(
    z.strictObject({ alertId: z.string(), rule: z.string(), severity: z.string(), title: z.string() }),
  ),
})
type SilenceChangeData = z.output<typeof silenceChangeSchema>

/** A silence as the JSON form has it. */
export function silenceData(silence: StoredSilence): SilenceData {
  return {
    silenceId: silence.id,
    state: silence.state,
    catches: matcherWords(readMatchers(silence.matchers)),
    startsAt: isoTime(silence.starts_at),
    endsAt: isoTime(silence.ends_at),
    author: silence.author,
    reason: silence.reason,
    endedBy: silence.ended_by,
  }
}

/** What came of making or ending one. */
export function silenceOutcome({ silence, caught, unknownRules }: SilenceChange): Outcome<SilenceChangeData> {
  return {
    data: {
      silence: silenceData(silence),
      caught: caught.map(({ id, alert_type: rule, severity, title }) => ({
        alertId: id,
        rule,
        severity,
        title,
      })),
    },
    warnings: unknownRules.map((rule) => ({
      code: 'no_such_rule',
      message: `there is no rule ${rule}; see tds alert-rules list`,
    })),
  }
}

/** Silences for people. */
export function silenceTable(silences: readonly SilenceData[]): Block {
  return {
    kind: 'table',
    columns: ['silence', 'state', 'catches', 'from', 'until', 'by', 'reason', 'ended by'],
    rows: silences.map((one) => [
      one.silenceId,
      one.state,
      one.catches,
      one.startsAt,
      one.endsAt,
      one.author,
      one.reason,
      one.endedBy,
    ]),
  }
}

/** A silence that was made or ended, for people. */
export function showSilenceChange({ silence, caught }: SilenceChangeData): Shown {
  const until =
    silence.state === 'expired' ? 'is over' : `holds from ${silence.startsAt} until ${silence.endsAt}`
  const lines = [
    `The silence ${silence.silenceId} (${silence.catches}) ${until}.`,
    `It catches ${countWords(caught.length)} of the alerts that are active now.`,
  ]
  return {
    blocks: [
      { kind: 'lines', lines },
      {
        kind: 'table',
        columns: ['alert', 'rule', 'severity', 'what is wrong'],
        rows: caught.map((one) => [one.alertId, one.rule, one.severity, one.title]),
      },
    ],
    ids: [silence.silenceId],
    records: caught,
  }
}
