import { join } from 'node:path'

import {
  configureLogging,
  type DaemonControl,
  type Environment,
  type Service,
  service,
  TdsError,
} from '@tds/runtime'
import { createSimulator } from '@tds/zoho-simulator'

import { openLimits } from '../installation/open-limits.ts'
import { prepareDatabase } from '../installation/prepare-database.ts'
import { providePostgres } from '../postgres/index.ts'
import { CHECKOUT } from '../processes/daemon.ts'
import { watchLaunchers } from '../processes/launcher-watch.ts'
import { preferPorts } from '../processes/ports.ts'
import { makeRunDirectory } from '../processes/run-directory.ts'
import { startProcess } from '../processes/supervised-process.ts'
import { developmentSettings, namesZoho, type StandIn } from './development-settings.ts'

/** The daemons in watch mode, with a Postgres and a Zoho where the environment names none. */
export function createDev(env: Environment, control: DaemonControl): Service {
  configureLogging({ daemon: 'dev', level: 'warn', format: 'pretty' })
  let held = new AsyncDisposableStack()
  return service({
    name: 'dev',
    start: async () => {
      await using starting = new AsyncDisposableStack()
      await startAll(env, { control, held: starting })
      held = starting.move()
    },
    stop: async () => {
      await held.disposeAsync()
      console.log('Stopped. Nothing is left running.')
    },
  })
}

interface Starting {
  readonly control: DaemonControl
  readonly held: AsyncDisposableStack
}

async function startAll(env: Environment, { control, held }: Starting): Promise<void> {
  const postgres = await providePostgres(env)
  held.defer(() => postgres.stop())
  await prepareDatabase(postgres.url)
  const standIn = namesZoho(env) ? null : await startStandIn(held)
  // Two checkouts at once do not get in each other's way.
  const ports = await preferPorts([8001, 8002, 8003])
  held.defer(() => ports.release())
  const settings = developmentSettings(env, {
    databaseUrl: postgres.url,
    spool: await spoolFolder(env, held),
    standIn,
    ports,
  })
  showSettings(settings)
  const turbo = await startProcess({
    name: 'turbo',
    command: [join(CHECKOUT, 'node_modules/.bin/turbo'), 'dev', '--filter=./apps/*'],
    env: { ...given(env), ...settings, TURBO_TELEMETRY_DISABLED: '1' },
    cwd: CHECKOUT,
    log: null,
  })
  held.defer(async () => {
    await turbo.stop()
  })
  held.defer(
    await watchLaunchers(() => {
      process.kill(process.pid, 'SIGTERM')
    }),
  )
  let isStopping = false
  held.defer(() => {
    isStopping = true
  })
  void turbo.whenEnded.then(() => {
    if (!isStopping) control.fail(turboEnded())
  })
}

/** What waits for a database that ends with this run ends with it; what waits for one that stays, stays. */
async function spoolFolder(env: Environment, held: AsyncDisposableStack): Promise<string> {
  if (env['DATABASE_URL'] ?? env['DATABASE_URL_FILE']) return join(CHECKOUT, 'var/spool')
  const run = await makeRunDirectory('dev')
  held.defer(() => run.remove())
  return run.spool
}

async function startStandIn(held: AsyncDisposableStack): Promise<StandIn> {
  const simulator = createSimulator(openLimits)
  const { url } = await simulator.start()
  held.defer(() => simulator.stop())
  return { url, access: simulator.access }
}

function given(env: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Everything here is made up for this run, so none of it is secret. */
function showSettings(settings: Readonly<Record<string, string>>): void {
  console.log('For what the environment does not say, this run uses:')
  for (const [name, value] of Object.entries(settings)) console.log(`  ${name}=${value}`)
}

function turboEnded(): TdsError {
  return new TdsError('turbo has ended', {
    code: 'dev_ended',
    disposition: 'reject',
    nextStep: 'See what it printed above.',
  })
}
