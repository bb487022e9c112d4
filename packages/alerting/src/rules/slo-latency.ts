import { z } from 'zod'
import { storedSamples, type StoredSample } from '@tds/db'
import { above } from './above.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  seconds: z
    .number()
    .min(0.1)
    .max(86_400)
    .default(60)
    .describe('seconds within which 95 of 100 events must be visible'),
  windowMinutes: z
    .int()
    .min(2)
    .max(60)
    .default(5)
    .describe('minutes of which the latest counts, for each type'),
})
type Settings = z.output<typeof settings>

const metric = 'end_to_end'

/** From delivery to visible row it takes longer than promised, in the type that is slowest. */
export const sloLatency = defineRule<Settings>({
  name: 'slo_latency',
  title: 'Events take longer than promised',
  timing: { enabled: true, severity: 'warning', forSeconds: 600, keepSeconds: 300 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const samples = await storedSamples(tx, { metric, minutes: set.windowMinutes })
    const slowest = slowestOf(samples)
    if (slowest === null) return []
    return [
      {
        labels: {},
        ...judge(slowest.seconds, set),
        facts: { slowest: slowest.type },
      },
    ]
  },
  stored: { metric, numberOf: percentileOf, judge },
})

function judge(seconds: number, { seconds: threshold }: Settings) {
  return above(seconds, threshold)
}

/** Of the latest minute of each type the worst: percentiles cannot be added up. */
function slowestOf(
  samples: readonly StoredSample[],
): { readonly type: string; readonly seconds: number } | null {
  const latest = new Map<string, number>()
  for (const { entity_type: type, value } of samples) {
    const seconds = percentileOf(JSON.parse(value))
    if (type !== null && seconds !== null) latest.set(type, seconds)
  }
  const [worst] = [...latest].sort(([, one], [, other]) => other - one)
  return worst === undefined ? null : { type: worst[0], seconds: worst[1] }
}

const histogramSchema = z.looseObject({ p95: z.number() })

function percentileOf(value: unknown): number | null {
  const read = histogramSchema.safeParse(value)
  return read.success ? read.data.p95 : null
}
