import { z } from 'zod'
import type { Matcher } from '@tds/alerting'
import type { OptionDefinition } from '../command.ts'
import { uuidInput } from './parse-input.ts'

const alertIdInput = uuidInput('expected the id of an alert, a UUID')

/** The argument of a command about one alert, checked. */
export const oneAlertInput = z.tuple([alertIdInput], 'expected the id of one alert')

/** The argument of a command about several alerts. */
export const alertsArgument: OptionDefinition = ['<ids...>', 'the alerts, as tds alerts list names them']

/** The same, checked: each once. */
export const alertIdsInput = z
  .array(alertIdInput)
  .min(1, 'expected the id of at least one alert')
  .transform((ids) => [...new Set(ids)])

/** The argument of a command about one silence, checked. */
export const oneSilenceInput = z.tuple(
  [uuidInput('expected the id of a silence, a UUID')],
  'expected the id of one silence',
)

const hour = 3_600_000
const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: hour, d: 24 * hour, w: 7 * 24 * hour }

/** How long something lasts: `30m`, `2h`, `1d`, `1w`. */
export const durationInput = z.string().transform((text, context): number => {
  const [, amount, unit = ''] = /^(\d{1,5})([mhdw])$/.exec(text) ?? []
  if (amount !== undefined) return Number(amount) * (unitMs[unit] ?? 0)
  context.addIssue({ code: 'custom', message: 'expected a length of time such as 30m, 2h or 1d' })
  return z.NEVER
})

/** A time that may be to come, with its zone, so that nobody's zone is meant by accident. */
export const timeInput = z.iso
  .datetime({ offset: true, error: 'expected a time with its zone such as 2026-07-21T16:03:00Z' })
  .transform((text) => new Date(text))

/** Conditions on labels: `label=value`, `label!=value`, and `a|b` for one of several. */
export const matchersInput = z.array(z.string()).transform((texts, context): Matcher[] =>
  texts.flatMap((text) => {
    const [, label = '', op, value = ''] = /^([\w.-]{1,64})(!?=)(.*)$/s.exec(text) ?? []
    const values = value.split('|')
    if (op === undefined || values.length > 50 || values.some(({ length }) => length > 200)) {
      context.addIssue({ code: 'custom', message: `expected label=value or label!=value, not ${text}` })
      return []
    }
    // None of several is each of them not.
    if (op === '!=') return values.map((one): Matcher => ({ label, op: '!=', values: [one] }))
    return [{ label, op: values.length === 1 ? '=' : 'in', values }]
  }),
)
