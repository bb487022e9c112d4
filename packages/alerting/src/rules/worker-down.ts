import { z } from 'zod'
import { secondsSinceBeat } from '@tds/db'
import { above } from './above.ts'
import { isStarting } from './is-starting.ts'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  silentSeconds: z.int().min(30).max(86_400).default(300).describe('seconds that all workers may be silent'),
})

/** No worker lives: nothing is applied. One that stopped in good order and left none counts as silent, too. */
export const workerDown = defineRule<z.output<typeof settings>>({
  name: 'worker_down',
  title: 'No worker is alive',
  timing: { enabled: true, severity: 'critical', forSeconds: 0, keepSeconds: 60 },
  settings,
  noData: 'keep',
  measure: async (o) => {
    if (isStarting(o)) return []
    // Where none ever beat, it is missed for as long as somebody has looked.
    const watched = (o.now.getTime() - o.startedAt.getTime()) / 1000
    const silent = (await secondsSinceBeat(o.tx, 'worker')) ?? watched
    return [{ labels: {}, ...above(silent, o.settings.silentSeconds) }]
  },
})
