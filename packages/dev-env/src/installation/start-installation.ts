import type { Environment } from '@tds/runtime'
import type { Simulator } from '@tds/zoho-simulator'

import { bareEnvironment } from '../processes/daemon-environment.ts'
import { type Daemon, startDaemon } from '../processes/daemon.ts'
import { type ClaimedPorts, claimPorts } from '../processes/ports.ts'
import { alerterSettings, apiSettings, type SharedSettings, workerSettings } from './daemon-settings.ts'

/** What an installation is made of. */
export interface InstallationOptions {
  /** A migrated database. */
  readonly databaseUrl: string
  /** The Zoho that the daemons talk to; started and stopped with them. */
  readonly simulator: Simulator
  /** The environment of whoever starts it; only the path to programs and the like is handed on. */
  readonly env: Environment
  /** Folder for the daemons' logs. */
  readonly logs: string
  /** Folder for what the api spools; no other installation's. */
  readonly spool: string
  /** Default 1. Several share one folder of spools, as several on one host do. */
  readonly apis?: number
  /** Default 1. */
  readonly workers?: number
  readonly withAlerter?: boolean
  /** Further settings of every daemon. */
  readonly settings?: Readonly<Record<string, string>>
  /** Further settings of the workers alone. */
  readonly ofWorkers?: Readonly<Record<string, string>>
  /** Further settings of the alerter alone. */
  readonly ofAlerter?: Readonly<Record<string, string>>
  /** Runs what `pnpm build` made, instead of the sources. */
  readonly built?: boolean
  /** Aborting it breaks the start off. */
  readonly signal?: AbortSignal
}

/** The daemons of the product as real processes, beside a simulated Zoho. */
export interface Installation {
  /** Of the first api. */
  readonly apiUrl: string
  readonly apiUrls: readonly string[]
  readonly zohoUrl: string
  /** The first one. */
  readonly api: Daemon
  readonly apis: readonly Daemon[]
  readonly workers: readonly Daemon[]
  /** All of them. */
  readonly daemons: readonly Daemon[]
  /** Base address of each daemon's health, by its name. */
  readonly healthUrls: ReadonlyMap<string, string>
  /** Stops every daemon and the simulator. Safe more than once. */
  stop(): Promise<void>
}

/**
 * Starts simulator, api, workers and alerter on free ports and waits until every daemon says that it is ready.
 * Nothing is left running when that fails.
 *
 * @throws TdsError `daemon_not_ready` with the end of the daemon's log.
 */
export async function startInstallation(o: InstallationOptions): Promise<Installation> {
  const installation = await launchInstallation(o)
  try {
    await Promise.all(
      installation.daemons.map((daemon) => Promise.race([daemon.untilReady(), whenAborted(o.signal)])),
    )
    return installation
  } catch (error) {
    await installation.stop()
    throw error
  }
}

/** The same without waiting: the daemons may not be ready, for example because Postgres is away. */
export async function launchInstallation(o: InstallationOptions): Promise<Installation> {
  const { apis: apiCount = 1, workers: workerCount = 1 } = o
  const ports = await claimPorts(apiCount + workerCount + 2)
  const daemons: Daemon[] = []
  try {
    const { url: zohoUrl } = await o.simulator.start({ port: ports.take() })
    const { databaseUrl, spool } = o
    const shared: SharedSettings = { databaseUrl, zohoUrl, access: o.simulator.access, spool }
    const healthUrls = new Map<string, string>()
    const launch = launcher(o, { ports, daemons, healthUrls })
    const apis: Daemon[] = []
    for (const name of namesOf('api', apiCount))
      apis.push(await launch(name, 'api', (port) => apiSettings(shared, port)))
    const workers: Daemon[] = []
    for (const name of namesOf('worker', workerCount))
      workers.push(
        await launch(name, 'worker', (port) => ({ ...workerSettings(shared, port), ...o.ofWorkers })),
      )
    const apiUrls = apis.map(({ name }) => healthUrls.get(name) ?? '')
    const [api] = apis
    const [apiUrl] = apiUrls
    if (api === undefined || apiUrl === undefined) throw new RangeError('an installation has an api')
    if (o.withAlerter)
      await launch('alerter', 'alerter', (port) => ({
        ...alerterSettings(shared, { port, apiUrl }),
        ...o.ofAlerter,
      }))
    return {
      apiUrl,
      apiUrls,
      zohoUrl,
      api,
      apis,
      workers,
      daemons,
      healthUrls,
      stop: () => stopAll(o, { ports, daemons }),
    }
  } catch (error) {
    await stopAll(o, { ports, daemons })
    throw error
  }
}

/** One of a kind needs no number. */
function namesOf(kind: string, count: number): string[] {
  return count === 1 ? [kind] : Array.from({ length: count }, (_, index) => `${kind}-${String(index + 1)}`)
}

interface Launched {
  readonly ports: ClaimedPorts
  readonly daemons: Daemon[]
}

type Launch = (
  name: string,
  app: string,
  settings: (port: number) => Record<string, string>,
) => Promise<Daemon>

function launcher(
  o: InstallationOptions,
  launched: Launched & { readonly healthUrls: Map<string, string> },
): Launch {
  return async (name, app, settings) => {
    const port = launched.ports.take()
    const url = `http://127.0.0.1:${String(port)}`
    const daemon = await startDaemon({
      name,
      app: `apps/${app}`,
      env: { ...bareEnvironment(o.env), ...settings(port), ...o.settings },
      readyUrl: `${url}/health/ready`,
      logs: o.logs,
      ...(o.built === undefined ? {} : { built: o.built }),
    })
    launched.daemons.push(daemon)
    launched.healthUrls.set(name, url)
    return daemon
  }
}

/** The apis first, so that nothing new comes in while the others finish. */
async function stopAll(o: InstallationOptions, { ports, daemons }: Launched): Promise<void> {
  const { apis = 1 } = o
  await Promise.all(daemons.slice(0, apis).map((daemon) => daemon.stop()))
  await Promise.all(daemons.slice(apis).map((daemon) => daemon.stop()))
  await o.simulator.stop()
  await ports.release()
}

async function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_resolve, reject) => {
    if (signal?.aborted) reject(signal.reason as Error)
    signal?.addEventListener('abort', () => {
      reject(signal.reason as Error)
    })
  })
}
