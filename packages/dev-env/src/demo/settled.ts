import { TdsError } from '@tds/runtime'

import { isConverged, type Progress, untilConverged } from '../installation/progress.ts'
import type { DemoWorld } from './demo-world.ts'
import { counted } from './screen.ts'

/** Waits until nothing is left to do. Throws TdsError `demo_waiting` with what still waits after `withinMs`. */
export async function settled({ db, simulator, signal }: DemoWorld, withinMs: number): Promise<Progress> {
  const { organizationId } = simulator.access
  const progress = await untilConverged(db, { organizationId, withinMs, signal })
  if (isConverged(progress) || signal.aborted) return progress
  throw new TdsError(
    `after ${String(Math.round(withinMs / 1000))} s there still wait ${counted(progress.waiting, 'event')} and ` +
      `${counted(progress.owedReads, 'read')} of records from Zoho`,
    {
      code: 'demo_waiting',
      disposition: 'retry',
      nextStep: 'Look into the logs of the worker; or try again on a machine that has less to do.',
    },
  )
}
