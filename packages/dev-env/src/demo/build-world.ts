import { randomInt } from 'node:crypto'
import { join } from 'node:path'

import { entities } from '@tds/core'
import { type Database, openDatabase } from '@tds/db'
import { type Environment, TdsError } from '@tds/runtime'
import { createSimulator, type Simulator } from '@tds/zoho-simulator'

import { openLimits } from '../installation/open-limits.ts'
import { prepareDatabase } from '../installation/prepare-database.ts'
import { startInstallation } from '../installation/start-installation.ts'
import { startMailCatcher } from '../mail/mail-catcher.ts'
import { providePostgres } from '../postgres/index.ts'
import { claimPorts } from '../processes/ports.ts'
import type { RunDirectory } from '../processes/run-directory.ts'
import type { WorldName } from './arguments.ts'
import type { DemoWorld } from './demo-world.ts'
import { loseNoMinute } from './outage-scenes.ts'
import { noteDatabase } from './running-demo.ts'
import { counted, type Screen } from './screen.ts'

/** What the demo's world is made of. */
export interface BuildOptions {
  readonly screen: Screen
  readonly env: Environment
  readonly size: WorldName
  readonly run: RunDirectory
  readonly signal: AbortSignal
}

/** Starts everything, one step a line. What was started is handed to `held`, which stops it in reverse. */
export async function buildWorld(o: BuildOptions, held: AsyncDisposableStack): Promise<DemoWorld> {
  const { screen, env, run, signal } = o
  const step = stepper(screen, signal)
  screen.heading('Starting')
  const postgres = await step('Postgres', async () => {
    const provided = await providePostgres(env)
    held.defer(() => provided.stop())
    return [
      provided,
      provided.isOurs ? `a real one, on port ${new URL(provided.url).port}` : 'the one of DATABASE_URL',
    ]
  })
  const db = openDatabase({ url: postgres.url, applicationName: 'tds-demo', poolSize: 4 })
  held.defer(() => db.close())
  await step('schema', async () => {
    await prepareDatabase(postgres.url)
    if (!postgres.isOurs) await refuseLivingDaemons(db)
    await noteDatabase(run, postgres.url)
    return [null, 'migrated']
  })
  await step('alerts', async () => {
    held.defer(await loseNoMinute(db))
    return [null, 'over when their cause is, not a minute later as usual']
  })
  const simulator = await step('Zoho', () => {
    // Its own organisation for every run: nothing that an earlier one left in the database is in the way.
    const made = createSimulator({
      ...openLimits,
      size: o.size,
      organizationId: String(randomInt(100_000_000, 1_000_000_000)),
    })
    return [made, `simulated, with ${holdings(made)}`]
  })
  const mails = await step('mail', async () => {
    const ports = await claimPorts(1)
    held.defer(() => ports.release())
    const catcher = await startMailCatcher({ port: ports.take(), folder: join(run.path, 'mails') })
    held.defer(() => catcher.stop())
    return [catcher, 'a catcher that takes every mail and sends none on']
  })
  const installation = await step('daemons', async () => {
    const started = await startInstallation({
      databaseUrl: postgres.url,
      simulator,
      env,
      logs: run.logs,
      spool: run.spool,
      withAlerter: true,
      ofAlerter: {
        SMTP_URL: mails.url,
        ALERT_EMAIL_FROM: 'alerter@tds.example',
        ALERT_EMAIL_TO: 'operations@tds.example',
      },
      signal,
    })
    held.defer(() => started.stop())
    return [started, 'api, worker, alerter: three processes']
  })
  return {
    screen,
    db,
    databaseUrl: postgres.url,
    ownsDatabase: postgres.isOurs,
    simulator,
    installation,
    mails,
    run,
    signal,
  }
}

type Step = <T>(name: string, start: () => Promise<[T, string]> | [T, string]) => Promise<T>

function stepper(screen: Screen, signal: AbortSignal): Step {
  return async (name, start) => {
    signal.throwIfAborted()
    const startedMs = performance.now()
    const [result, what] = await start()
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1)
    screen.detail(`${name.padEnd(10)} ${what.padEnd(66)} ${seconds.padStart(5)} s`)
    return result
  }
}

/** Daemons of another installation would take the demo's work, and ask the real Zoho about made-up records. */
async function refuseLivingDaemons(db: Database): Promise<void> {
  const { rows } = await db.query<{ names: string | null }>(
    `SELECT string_agg(DISTINCT name, ', ') AS names FROM tds_daemons
      WHERE stopped_at IS NULL AND beat_at > tds_now() - interval '1 minute'`,
  )
  const names = rows[0]?.names
  if (!names) return
  throw new TdsError(`other daemons work on the database of DATABASE_URL: ${names}`, {
    code: 'demo_not_alone',
    disposition: 'reject',
    nextStep:
      'Give the demo a database of its own, or unset DATABASE_URL. Daemons that were killed count for a minute.',
  })
}

function holdings(simulator: Simulator): string {
  const { records } = simulator.state()
  const living = entities.reduce((sum, { type }) => sum + records[type].living, 0)
  return `${counted(living, 'record')} of ${counted(entities.length, 'kind')}`
}
