import type { Daemon } from '../processes/daemon.ts'
import type { Screen } from './screen.ts'

/** The daemons to look after, where to tell of it, and when to leave off. */
export interface Reviving {
  readonly daemons: readonly Pick<Daemon, 'name' | 'whenEnded' | 'startAgain' | 'untilReady'>[]
  readonly screen: Pick<Screen, 'detail'>
  readonly signal: AbortSignal
}

/**
 * Starts each daemon again that ends, as systemd would, and says so: whoever kills one wants to see what comes of it.
 * Returns when aborted; throws TdsError `daemon_not_ready` when one does not come back.
 */
export async function reviveDaemons({ daemons, screen, signal }: Reviving): Promise<void> {
  const leavingOff = whenAborted(signal)
  await Promise.all(
    daemons.map(async (daemon) => {
      for (;;) {
        const end = await Promise.race([daemon.whenEnded(), leavingOff])
        if (end === null || signal.aborted) return
        const how = end.signal ?? `exit code ${String(end.code)}`
        screen.detail(`The ${daemon.name} has ended (${how}). It is started again, as systemd would.`)
        await daemon.startAgain()
        await daemon.untilReady()
        screen.detail(`The ${daemon.name} is back.`)
      }
    }),
  )
}

async function whenAborted(signal: AbortSignal): Promise<null> {
  if (signal.aborted) return null
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      resolve(null)
    })
  })
}
