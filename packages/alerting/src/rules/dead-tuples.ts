import { z } from 'zod'
import { deadTuples as deadTuplesOf } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z.number().min(0).max(1).default(0.2).describe('share of the rows of a table that may be dead'),
  minimumRows: z
    .int()
    .min(1)
    .max(1_000_000_000)
    .default(10_000)
    .describe('dead rows below which nothing is said'),
})

/** A large part of a table is dead rows: autovacuum does not keep up, or something holds it back. */
export const deadTuples = defineRule<z.output<typeof settings>>({
  name: 'dead_tuples',
  title: 'Dead rows are not removed',
  timing: { enabled: false, severity: 'warning', forSeconds: 3600, keepSeconds: 600 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: { threshold, minimumRows } }) => {
    const tables = await deadTuplesOf(tx, minimumRows)
    return tables.map(({ table_name: table, dead, share }) => ({
      labels: { table },
      ...above(share, threshold),
      facts: { dead },
    }))
  },
})
