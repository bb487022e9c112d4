import { z } from 'zod'
import { letterAssignees, letterDays, openLetterStats, settledLetterStats } from '@tds/db'
import { defineCommand } from '../command.ts'
import { numberInput } from '../input/parse-input.ts'
import { isoTime } from './event-data.ts'

const count = z.int().min(0)

/** `tds dlq stats` */
export const dlqStats = defineCommand({
  description:
    'Counts dead letters: what is open by class and who looks after it, how the others were settled and how long that took, and what came and went day by day.',
  arguments: [],
  options: [['--days <count>', 'how far back, 1 to 366 days (default: 14)']],
  examples: ['dlq stats', 'dlq stats --days 90 --json'],
  changes: false,
  input: z.object({
    days: numberInput
      .refine((days) => days >= 1 && days <= 366, 'expected whole days from 1 to 366')
      .default(14),
  }),
  data: z.strictObject({
    open: z.array(
      z.strictObject({
        class: z.string(),
        letters: count,
        records: count,
        occurrences: count,
        unassigned: count,
        oldestAt: z.iso.datetime(),
        oldestSeconds: count,
      }),
    ),
    assignees: z.array(z.strictObject({ assignedTo: z.string().nullable(), letters: count })),
    /** Of the days asked for. */
    settled: z.array(z.strictObject({ how: z.string(), letters: count, medianSeconds: count })),
    /** In UTC, today first. */
    days: z.array(z.strictObject({ day: z.iso.date(), givenUp: count, settled: count })),
  }),
  run: async (session, { days }) => {
    const organizationId = session.organizationId()
    const db = await session.database()
    const open = await openLetterStats(db, organizationId)
    const assignees = await letterAssignees(db, organizationId)
    const settled = await settledLetterStats(db, { organizationId, days })
    return {
      data: {
        open: open.map(({ oldest_at, oldest_seconds, ...one }) => ({
          ...one,
          oldestAt: isoTime(oldest_at),
          oldestSeconds: Math.max(0, Math.round(oldest_seconds)),
        })),
        assignees: assignees.map((one) => ({ assignedTo: one.assigned_to, letters: one.letters })),
        settled: settled.map((one) => ({
          how: one.status,
          letters: one.letters,
          medianSeconds: Math.max(0, Math.round(one.median_seconds)),
        })),
        days: (await letterDays(db, { organizationId, days })).map((one) => ({
          day: one.day,
          givenUp: one.given_up,
          settled: one.settled,
        })),
      },
    }
  },
  show: ({ open, assignees, settled, days }) => ({
    blocks: [
      {
        kind: 'table',
        columns: ['class', 'open', 'records', 'occurrences', 'unassigned', 'oldest'],
        rows: open.map((one) => [
          one.class,
          one.letters,
          one.records,
          one.occurrences,
          one.unassigned,
          one.oldestAt,
        ]),
      },
      {
        kind: 'table',
        columns: ['looked after by', 'open'],
        rows: assignees.map((one) => [one.assignedTo ?? 'nobody', one.letters]),
      },
      {
        kind: 'table',
        columns: ['settled as', 'letters', 'median s'],
        rows: settled.map((one) => [one.how, one.letters, one.medianSeconds]),
      },
      {
        kind: 'table',
        columns: ['day', 'given up', 'settled'],
        rows: days.map((one) => [one.day, one.givenUp, one.settled]),
      },
    ],
    ids: open.map((one) => one.class),
    records: days,
  }),
})
