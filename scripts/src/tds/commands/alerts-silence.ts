import { z } from 'zod'
import { addSilence } from '@tds/alerting'
import { showSilenceChange, silenceChangeSchema, silenceOutcome } from '../alerts/silence-data.ts'
import { defineCommand } from '../command.ts'
import { durationInput, matchersInput, timeInput } from '../input/alert-input.ts'
import { usageError } from '../output/failure.ts'

/** `tds alerts silence` */
export const alertsSilence = defineCommand({
  description:
    'Keeps alerts quiet for a while, at most 30 days, and shows which of the active ones that catches. All conditions must hold; rule and severity are labels like the others. That an alert is over is told all the same where people knew of it, and what still fires at the end is told at once. A reason is needed.',
  arguments: [
    [
      '[conditions...]',
      'label=value or label!=value; a bar between values is for one of several. A label that is not there is empty',
    ],
  ],
  options: [
    ['--for <length>', 'how long, such as 30m, 2h or 1d'],
    ['--until <time>', 'or until when: a time with its zone'],
    ['--from <time>', 'from when on: the same (default: now)'],
    ['--everything', 'confirm that it may catch all alerts'],
  ],
  examples: [
    'alerts silence rule=queue_backlog --for 2h --reason "the sale begins"',
    'alerts silence "rule=no_events|sync_lag" entity=invoice --until 2027-01-02T06:00:00+03:00 --reason "stocktaking"',
    'alerts silence --everything --for 30m --reason "the machine is moved" --dry-run',
  ],
  changes: true,
  input: z.object({
    args: matchersInput,
    for: durationInput.optional(),
    until: timeInput.optional(),
    from: timeInput.optional(),
    everything: z.boolean().default(false),
  }),
  data: silenceChangeSchema,
  run: async (session, { args: matchers, for: ms, until, from: startsAt = null, everything }) => {
    if (ms !== undefined && until !== undefined)
      throw usageError('exactly one is needed of --for and --until')
    const end = until ?? (ms === undefined ? null : { ms })
    if (end === null) throw usageError('exactly one is needed of --for and --until')
    const request = session.reasonedRequest()
    const wanted = { matchers, startsAt, end, everything }
    return silenceOutcome(await addSilence(await session.database(), wanted, request))
  },
  show: showSilenceChange,
})
