import { setTimeout as sleep } from 'node:timers/promises'

import type { Chance } from '../deliveries/seeded-chance.ts'
import type { Daemon } from '../processes/daemon.ts'

const RESTART_MS = 200

/** Daemons that are started again whenever they end, as systemd would. */
export interface KeptRunning {
  /** Kills one at random, without a chance to say goodbye. */
  killOne(chance: Chance): void
  /** Kills this one; nothing where it has ended already. */
  kill(daemon: Daemon): void
  /** Ends that nobody of us brought about. */
  readonly unexpected: string[]
  readonly kills: () => number
  /** Stops looking after them; all are ready again when it returns. */
  release(): Promise<void>
}

/** Looks after daemons until released. */
export function keepRunning(daemons: readonly Daemon[]): KeptRunning {
  const killed = new Set<number>()
  const unexpected: string[] = []
  let kills = 0
  let released = false
  const letGo = Promise.withResolvers<null>()
  const watches = daemons.map(async (daemon) => {
    while (!released) {
      const pid = daemon.pid()
      const end = await Promise.race([daemon.whenEnded(), letGo.promise])
      if (end === null) break
      if (!killed.has(pid)) unexpected.push(`${daemon.name} ended by itself: ${JSON.stringify(end)}`)
      await sleep(RESTART_MS)
      await daemon.startAgain()
    }
  })
  const kill = (daemon: Daemon): void => {
    if (daemon.ended() !== null) return
    kills += 1
    killed.add(daemon.pid())
    daemon.kill('SIGKILL')
  }
  return {
    killOne: (chance) => {
      const running = daemons.filter((daemon) => daemon.ended() === null)
      const victim = running[Math.floor(chance() * running.length)]
      if (victim !== undefined) kill(victim)
    },
    kill,
    unexpected,
    kills: () => kills,
    release: async () => {
      released = true
      letGo.resolve(null)
      await Promise.all(watches)
      for (const daemon of daemons) {
        if (daemon.ended() !== null) await daemon.startAgain()
        await daemon.untilReady()
      }
    },
  }
}
