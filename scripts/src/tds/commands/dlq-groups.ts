import { z } from 'zod'
import { groupDeadLetters } from '@tds/db'
import { defineCommand } from '../command.ts'
import { letterFilter, letterInput, letterOptions } from '../input/letter-input.ts'
import { isoTime } from './event-data.ts'

const count = z.int().min(0)

/** `tds dlq groups` */
export const dlqGroups = defineCommand({
  description:
    'Lists the open dead letters by cause, the largest group first: letters of a group have class, code and reason in common, up to digits.',
  arguments: [],
  options: letterOptions,
  examples: ['dlq groups', 'dlq groups --type invoice --json'],
  changes: false,
  input: z.object(letterInput),
  data: z.strictObject({
    groups: z.array(
      z.strictObject({
        group: z.string(),
        class: z.string(),
        code: z.string().nullable(),
        entityTypes: z.array(z.string()),
        letters: count,
        records: count,
        occurrences: count,
        firstAt: z.iso.datetime(),
        lastAt: z.iso.datetime(),
        sample: z.string(),
      }),
    ),
  }),
  run: async (session, input) => {
    const organizationId = session.organizationId()
    const found = await groupDeadLetters(await session.database(), { ...letterFilter(input), organizationId })
    const groups = found.map((group) => ({
      group: group.fingerprint,
      class: group.class,
      code: group.error_code,
      entityTypes: [...group.entity_types],
      letters: group.letters,
      records: group.records,
      occurrences: group.occurrences,
      firstAt: isoTime(group.first_at),
      lastAt: isoTime(group.last_at),
      sample: group.sample,
    }))
    return { data: { groups } }
  },
  show: ({ groups }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['group', 'class', 'code', 'types', 'letters', 'records', 'first', 'last', 'sample'],
        rows: groups.map((group) => [
          group.group.slice(0, 12),
          group.class,
          group.code,
          group.entityTypes.join(', '),
          group.letters,
          group.records,
          group.firstAt,
          group.lastAt,
          group.sample,
        ]),
      },
    ],
    ids: groups.map(({ group }) => group),
    records: groups,
  }),
})
