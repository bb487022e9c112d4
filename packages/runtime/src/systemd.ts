import { execFile } from 'node:child_process'
import { messageOf } from './errors.ts'
import { childLogger } from './logger.ts'

const log = childLogger('runtime:systemd')

/** What a service manager may be told: https://www.freedesktop.org/software/systemd/man/sd_notify.html */
export type SystemdState = 'READY=1' | 'WATCHDOG=1' | 'STOPPING=1'

/** The way to the service manager. */
export interface Systemd {
  /** Tells it how we are; does nothing where nobody asked. Never fails: a deaf manager is no reason to stop. */
  tell(state: SystemdState): void
  /** How often it wants to hear that there is progress, in milliseconds; null for never. Half of what it bears. */
  readonly watchdogEveryMs: number | null
}

/**
 * Speaks to systemd where it started us with `Type=notify`. Node cannot send to a socket of that kind, so the program
 * `systemd-notify` does; the unit needs `NotifyAccess=all`.
 */
export function systemd(env: NodeJS.ProcessEnv): Systemd {
  const socket = env['NOTIFY_SOCKET']
  if (socket === undefined || socket === '') return { tell: () => undefined, watchdogEveryMs: null }
  const bearsMs = Number(env['WATCHDOG_USEC']) / 1000
  let isDeaf = false
  return {
    watchdogEveryMs: bearsMs > 0 ? Math.max(bearsMs / 2, 100) : null,
    tell: (state) => {
      const surroundings = { NOTIFY_SOCKET: socket, PATH: env['PATH'] }
      execFile('systemd-notify', [state], { env: surroundings, timeout: 5000 }, (error) => {
        if (error !== null && !isDeaf)
          log.warn('systemd could not be told', { state, reason: messageOf(error) })
        isDeaf = error !== null
      })
    },
  }
}
