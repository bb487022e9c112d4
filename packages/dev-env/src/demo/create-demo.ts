import { createWriteStream } from 'node:fs'
import { join, relative } from 'node:path'

import {
  configureLogging,
  type DaemonControl,
  messageOf,
  type Service,
  service,
  TdsError,
} from '@tds/runtime'

import { compareWithSimulator } from '../comparison/compare-with-simulator.ts'
import { CHECKOUT } from '../processes/daemon.ts'
import { type StopWatching, watchLaunchers } from '../processes/launcher-watch.ts'
import { makeRunDirectory, type RunDirectory } from '../processes/run-directory.ts'
import { showAddresses } from './addresses.ts'
import { type BuildOptions, buildWorld } from './build-world.ts'
import { sceneComparison } from './comparison-scene.ts'
import type { DemoWorld } from './demo-world.ts'
import { watchFirstLoad } from './first-load.ts'
import { sceneAllClear, sceneOutage } from './outage-scenes.ts'
import { reviveDaemons } from './revive.ts'
import type { Screen } from './screen.ts'
import { settled } from './settled.ts'
import { raiseStorm } from './storm.ts'
import { tellStory } from './story.ts'
import { trickle } from './trickle.ts'
import { showVerdict } from './verdict.ts'

/** Bounds everything that waits for the daemons to be done. */
const SETTLE_MS = 360_000
/** Bounds the wait for a mail: a quarter of a minute until the rules look, a minute until news of the critical go out. */
const MAIL_MS = 180_000

/** What the demo is made of. */
export interface DemoOptions extends Omit<BuildOptions, 'run' | 'signal'> {
  /** Ends by itself with a verdict. */
  readonly once: boolean
}

/** The demo as a service: it plays as soon as it is started, and stopping it leaves nothing behind. */
export async function createDemo(o: DemoOptions, control: DaemonControl): Promise<Service> {
  const run = await makeRunDirectory('demo')
  // The screen is for people; whatever our own libraries log goes where the daemons' logs are.
  const log = createWriteStream(join(run.logs, 'demo.log'), { flags: 'a' })
  configureLogging({
    daemon: 'demo',
    level: 'info',
    format: 'pretty',
    write: (line) => void log.write(`${line}\n`),
  })
  const ending = new AbortController()
  let playing: Promise<void> = Promise.resolve()
  let stopWatching: StopWatching = () => undefined
  return service({
    name: 'demo',
    start: async () => {
      stopWatching = await watchLaunchers(endInOrder)
      playing = play(o, { control, run, signal: ending.signal })
    },
    stop: async () => {
      stopWatching()
      o.screen.endStatus()
      o.screen.line('\nStopping …')
      ending.abort()
      await playing
      o.screen.line(`Stopped. Nothing is left running. Logs: ${relative(CHECKOUT, run.logs)}`)
    },
  })
}

interface Playing {
  readonly control: DaemonControl
  readonly run: RunDirectory
  readonly signal: AbortSignal
}

/** Never rejects: what goes wrong is told in words and ends the demo. */
async function play(o: DemoOptions, { control, run, signal }: Playing): Promise<void> {
  const { screen } = o
  await using held = new AsyncDisposableStack()
  try {
    screen.line('TDS Core demo: a made-up Zoho organisation, and its copy in Postgres.')
    const world = await buildWorld({ ...o, run, signal }, held)
    await watchFirstLoad(world, SETTLE_MS)
    if (isAborted(signal)) return
    await sceneOutage(world, MAIL_MS)
    await raiseStorm(world, { changes: o.size === 'small' ? 60 : 400, withinMs: SETTLE_MS })
    if (isAborted(signal)) return
    await tellStory(world)
    await sceneComparison(world, SETTLE_MS)
    if (isAborted(signal)) return
    await sceneAllClear(world, MAIL_MS)
    if (o.once) await judge(world, control)
    else await linger(world)
  } catch (error) {
    if (isAborted(signal)) return
    showProblem(screen, error)
    control.fail(error)
  }
}

async function linger(world: DemoWorld): Promise<void> {
  showAddresses(world)
  world.screen.heading('Changes keep coming. Ctrl-C stops everything.')
  const ending = new AbortController()
  const signal = AbortSignal.any([world.signal, ending.signal])
  const { screen, installation } = world
  // What fails first ends the other, and both are over before anything is taken down.
  const failures: Error[] = []
  const fail = (error: unknown) => {
    if (!isAborted(signal)) failures.push(error instanceof Error ? error : new Error(messageOf(error)))
    ending.abort()
  }
  await Promise.all([
    trickle({ ...world, signal }).catch(fail),
    reviveDaemons({ daemons: installation.daemons, screen, signal }).catch(fail),
  ])
  const [failure] = failures
  if (failure !== undefined) throw failure
}

async function judge(world: DemoWorld, control: DaemonControl): Promise<void> {
  await settled(world, SETTLE_MS)
  const isEqual = showVerdict(world.screen, await compareWithSimulator(world.db, world.simulator))
  if (isEqual) {
    endInOrder()
    return
  }
  control.fail(
    new TdsError('the database differs from Zoho', {
      code: 'demo_differs',
      disposition: 'reject',
      nextStep: 'The records that differ are named above.',
    }),
  )
}

/** The way out that every daemon has: stop in order, exit 0. */
function endInOrder(): void {
  process.kill(process.pid, 'SIGTERM')
}

function showProblem(screen: Screen, error: unknown): void {
  screen.heading(`This did not work: ${messageOf(error)}`)
  if (error instanceof TdsError) screen.line(error.nextStep)
}

// A call, because the compiler does not expect a property to change while one waits.
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted
}
