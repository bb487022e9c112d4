import { z } from 'zod'
import { endSilence } from '@tds/alerting'
import { showSilenceChange, silenceChangeSchema, silenceOutcome } from '../alerts/silence-data.ts'
import { defineCommand } from '../command.ts'
import { oneSilenceInput } from '../input/alert-input.ts'

/** `tds alerts unsilence` */
export const alertsUnsilence = defineCommand({
  description:
    'Ends a silence now: what it kept quiet and still fires is told at once. One that has not begun yet is taken back.',
  arguments: [['<id>', 'the silence, as tds alerts silences names it']],
  options: [],
  examples: ['alerts unsilence 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21 --reason "done early"'],
  changes: true,
  input: z.object({ args: oneSilenceInput }),
  data: silenceChangeSchema,
  run: async (session, { args: [id] }) => {
    const { caught, silence } = await endSilence(await session.database(), id, session.request())
    return silenceOutcome({ silence, caught, unknownRules: [] })
  },
  show: showSilenceChange,
})
