import { z } from 'zod'
import { sha256Hex, takeLettersOut } from '@tds/core'
import { defineCommand } from '../command.ts'
import {
  filterWords,
  letterFilter,
  letterInput,
  letterOptions,
  statusesInput,
  statusesOption,
} from '../input/letter-input.ts'
import { numberInput } from '../input/parse-input.ts'
import { exportedLetter, exportedSchema, exportLine } from '../letters/export-data.ts'

const limitMessage = 'expected a whole number from 1 to 10000'

const manifestSchema = z.strictObject({
  type: z.literal('manifest'),
  schema: z.literal('tds.dead-letters/1'),
  exportedAt: z.iso.datetime(),
  organizationId: z.string(),
  filter: z.record(z.string(), z.unknown()),
  count: z.int().min(0),
  bodies: z.boolean(),
  /** Of the lines behind this one, each with its line end. */
  sha256: z.string(),
})

/** `tds dlq export` */
export const dlqExport = defineCommand({
  description:
    'Prints dead letters as NDJSON to be kept or worked on elsewhere. The first line is a manifest: what was chosen, when, how many, and the SHA-256 of the lines behind it. Bodies come along only with --raw, which is written down.',
  arguments: [],
  options: [
    statusesOption,
    ...letterOptions,
    ['--limit <count>', 'refuse rather than print more, 1 to 10000 (default: 1000)'],
    [
      '--raw',
      'with the bodies exactly as they came; may hold personal data, and is written down with your name',
    ],
    ['--actor <name>', 'who you are, for --raw; default: your name on this machine'],
    ['--reason <text>', 'why, for --raw'],
  ],
  examples: [
    'dlq export --class data > letters.ndjson',
    'dlq export --group 3f0a9c --raw --reason "for the shop"',
  ],
  changes: false,
  input: z.object({
    ...letterInput,
    status: statusesInput,
    limit: numberInput.refine((limit) => limit >= 1 && limit <= 10_000, limitMessage).default(1000),
    raw: z.boolean().default(false),
  }),
  data: z.strictObject({ manifest: manifestSchema, letters: z.array(exportedSchema) }),
  run: async (session, { raw, limit, ...input }) => {
    const organizationId = session.organizationId()
    const filter = { ...letterFilter(input), statuses: input.status }
    const words = filterWords(filter)
    const asked = { organizationId, filter, words, limit, withBodies: raw }
    const taken = await takeLettersOut(await session.database(), asked, session.request())
    const letters = taken.map((letter) => exportedLetter(letter))
    return {
      data: {
        manifest: {
          type: 'manifest',
          schema: 'tds.dead-letters/1',
          exportedAt: session.clock.now().toISOString(),
          organizationId,
          filter: JSON.parse(JSON.stringify(words)) as Record<string, unknown>,
          count: letters.length,
          bodies: raw,
          sha256: sha256Hex(letters.map((letter) => `${exportLine(letter)}\n`).join('')),
        },
        letters,
      },
    }
  },
  show: ({ manifest, letters }) => ({
    blocks: [{ kind: 'lines', lines: [manifest, ...letters].map(exportLine) }],
    ids: letters.map(({ letterId }) => letterId),
    records: [manifest, ...letters],
  }),
})
