import { createTestDatabase, type TestDatabase } from '@tds/db/testing'
import { createSimulator, type Simulator, type SimulatorOptions } from '@tds/zoho-simulator'

import { compareWithSimulator } from '../comparison/compare-with-simulator.ts'
import { openLimits } from '../installation/open-limits.ts'
import { isConverged, type Progress, untilConverged } from '../installation/progress.ts'
import { quietSchedules } from '../installation/quiet-schedules.ts'
import {
  type Installation,
  type InstallationOptions,
  launchInstallation,
  startInstallation,
} from '../installation/start-installation.ts'
import { makeRunDirectory, type RunDirectory } from '../processes/run-directory.ts'
import { releaseHeld } from './release-held.ts'

/** Real daemons on a database of the test's own, beside a Zoho of its own. */
export interface EndToEnd {
  readonly database: Pick<TestDatabase, 'url' | 'db'>
  readonly simulator: Simulator
  readonly installation: Installation
  readonly run: RunDirectory
  /** Waits until nothing is left to do; throws Error with the numbers when that takes longer than `withinMs` (30 s). */
  converge(withinMs?: number): Promise<Progress>
  /** The same beside a person who releases what the deletion fuses hold. */
  convergeReleasing(withinMs: number): Promise<Progress>
  /** What is not equal between Zoho and the mirror, in words; only of records that a webhook has told of. */
  differences(touched?: ReadonlySet<string>): Promise<string[]>
  stop(): Promise<void>
}

/** What a test may choose. */
export interface EndToEndOptions extends Pick<
  InstallationOptions,
  'apis' | 'workers' | 'withAlerter' | 'settings' | 'ofWorkers'
> {
  readonly simulator?: SimulatorOptions
  /** A database instead of a copy of the run's template. */
  readonly database?: TestDatabase
  /** The worker reads and compares lists by itself, as it does at a customer's; otherwise only what the test asks for. */
  readonly schedules?: boolean
  /** Returns before the daemons are ready. */
  readonly launchOnly?: boolean
}

/** Starts all of it. Stop it in `afterAll`; the logs of a test that failed are kept under `var/run`. */
export async function startEndToEnd(o: EndToEndOptions = {}): Promise<EndToEnd> {
  const database = o.database ?? (await createTestDatabase())
  if (!o.schedules) await quietSchedules(database.db)
  const run = await makeRunDirectory('test')
  const simulator = createSimulator({ size: 'small', ...openLimits, ...o.simulator })
  const { organizationId } = simulator.access
  const start = o.launchOnly ? launchInstallation : startInstallation
  const installation = await start({
    databaseUrl: database.url,
    simulator,
    env: process.env,
    logs: run.logs,
    spool: run.spool,
    ...(o.apis === undefined ? {} : { apis: o.apis }),
    ...(o.workers === undefined ? {} : { workers: o.workers }),
    ...(o.withAlerter === undefined ? {} : { withAlerter: o.withAlerter }),
    ...(o.settings === undefined ? {} : { settings: o.settings }),
    ...(o.ofWorkers === undefined ? {} : { ofWorkers: o.ofWorkers }),
  })
  const converge = async (withinMs = 30_000): Promise<Progress> => {
    const progress = await untilConverged(database.db, { organizationId, withinMs })
    if (isConverged(progress)) return progress
    throw new Error(`Not converged within ${String(withinMs / 1000)} s: ${JSON.stringify(progress)}`)
  }
  return {
    database,
    simulator,
    installation,
    run,
    converge,
    convergeReleasing: async (withinMs) => {
      const ended = new AbortController()
      const releasing = releaseHeld(database.db, ended.signal)
      try {
        return await converge(withinMs)
      } finally {
        ended.abort()
        await releasing
      }
    },
    differences: async (touched) => {
      const verdicts = await compareWithSimulator(database.db, simulator)
      return verdicts.flatMap(({ type, differences }) =>
        differences
          .filter(({ zohoId }) => touched?.has(zohoId) ?? true)
          .map(({ zohoId, says }) => `${type} ${zohoId} ${says}`),
      )
    },
    stop: async () => {
      await installation.stop()
      await database.drop()
    },
  }
}
