import { z } from 'zod'
import type { RunEstimate } from '@tds/core'

const count = z.int().min(0).nullable()

/** About how much is left to do; null where that is not known. */
export const estimateSchema = z.strictObject({
  pageCalls: count,
  detailCalls: count,
  calls: count,
  seconds: count,
})

/** An estimate as results have it: no more exact than whole seconds. */
export function estimateData({ seconds, ...calls }: RunEstimate): z.output<typeof estimateSchema> {
  return { ...calls, seconds: seconds === null ? null : Math.ceil(seconds) }
}
