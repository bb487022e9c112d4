import type { Clock } from './clock.ts'
import { messageOf } from './errors.ts'
import { childLogger } from './logger.ts'
import { poller, type Poller } from './poller.ts'
import { service } from './service.ts'

const log = childLogger('runtime:heartbeat')

/** How a daemon shows that it is alive. */
export interface HeartbeatOptions {
  everyMs: number
  /** Leaves one proof of life. */
  beat: () => Promise<void>
  /** Makes the daemon known, in place of the first beat; tried again until it succeeds. */
  register?: (() => Promise<void>) | undefined
  /** Says goodbye while stopping. One that fails is logged and left: silence says the same a little later. */
  deregister?: (() => Promise<void>) | undefined
  clock?: Clock | undefined
}

/** A poller that registers the daemon and then proves regularly that it is alive. */
export function heartbeat({ everyMs, beat, register, deregister, clock }: HeartbeatOptions): Poller {
  let registered = false
  const beats = poller({ name: 'heartbeat', everyMs, clock, maxBackoffMs: everyMs, runOnce: beatOnce })
  const lifecycle = service({
    name: beats.name,
    start: async () => {
      await beats.start()
      // Whoever sees our work must find us registered: no spreading of the first one.
      beats.wake()
    },
    stop: async () => {
      await beats.stop()
      await sayGoodbye()
    },
  })
  return { ...beats, ...lifecycle }

  async function beatOnce(): Promise<Record<string, number>> {
    await (registered || register === undefined ? beat() : register())
    registered = true
    return { beats: 1 }
  }

  async function sayGoodbye(): Promise<void> {
    const wasRegistered = registered
    registered = false
    if (!wasRegistered || deregister === undefined) return
    try {
      await deregister()
    } catch (error) {
      log.warn('could not deregister', { reason: messageOf(error) })
    }
  }
}
