import { healClasses, performReplays, replayPace, type ReplayParts, type Settings } from '@tds/core'
import { leaderDuty, openDeadLetters, type Database, type DeadLetterClass } from '@tds/db'
import { childLogger, counter, gauge, poller, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'
import type { SoloGate } from '../solo-gate.ts'

const log = childLogger('worker:replay')
const replayed = counter({
  name: 'tds_replayed_letters_total',
  help: 'Dead letters that replays ended, by what came of them.',
  labelNames: ['outcome'],
})
const openLetters = gauge({
  name: 'tds_dead_letters',
  help: 'Dead letters that are open, by class.',
  labelNames: ['class'],
})
const oldestLetter = gauge({
  name: 'tds_dead_letter_oldest_seconds',
  help: 'Age of the oldest open dead letter of a class, since it was first given up on; 0 where none is open.',
  labelNames: ['class'],
})

/** How soon a replay that was asked for begins. */
const lookEveryMs = 1_000
/** Its rate is by the second, its parts are so short that no live delivery waits long behind one. */
const partEveryMs = 200
/** How soon a class is replayed after its cause is gone. */
const healEveryMs = 10_000
const classes: readonly DeadLetterClass[] = [
  'data',
  'mapping',
  'source',
  'configuration',
  'exhausted',
  'killer',
]

/** What carrying out replays needs of the worker. */
export interface ReplayDutyParts extends Omit<
  ReplayParts,
  'mover' | 'lease' | 'signal' | 'together' | 'pace'
> {
  readonly daemonId: string
  readonly lanes: Lanes
  readonly gate: SoloGate
}

/** Carries replays out, in one worker of all, bit by bit and in a lane of its own beside the live one. */
export function replayDuty(parts: ReplayDutyParts): Service {
  const { db, daemonId, lanes, gate } = parts
  const pace = replayPace()
  let isUnderWay = false
  return leaderDuty({
    name: 'replays',
    db,
    holder: daemonId,
    everyMs: () => (isUnderWay ? partEveryMs : lookEveryMs),
    runOnce: (lease, signal) =>
      lanes.run(async (lane) => {
        const mover = { daemonId, lane }
        const together = <T>(work: () => Promise<T>) => gate.together(work)
        const report = await performReplays({ ...parts, mover, lease, signal, together, pace })
        const { open, begun, outcomes } = report
        isUnderWay = open > 0
        for (const outcome of outcomes) replayed.inc({ outcome })
        return { begun, ended: outcomes.length }
      }),
  })
}

/** Replays, by itself, a class of dead letters whose cause is gone; the setting `replay.heals` turns it off. */
export function letterHealer(o: {
  readonly db: Database
  readonly daemonId: string
  readonly organizationId: string
  readonly settings: Pick<Settings, 'number' | 'flag'>
}): Service {
  const { db, daemonId, organizationId, settings } = o
  return leaderDuty({
    name: 'dead-letter-healer',
    db,
    holder: daemonId,
    everyMs: healEveryMs,
    runOnce: async () => {
      if (!settings.flag('replay.heals')) return { operations: 0 }
      const ratePerSecond = settings.number('replay.rate_per_second')
      const begun = await healClasses(db, { organizationId, ratePerSecond })
      for (const operationId of begun)
        log.info('dead letters are replayed: their cause is gone', { operationId })
      return { operations: begun.length }
    },
  })
}

/** Counts, every quarter of a minute, what is open; each worker tells the same numbers. */
export function deadLettersGauge({ db }: { readonly db: Database }): Service {
  return poller({
    name: 'dead-letters',
    everyMs: 15_000,
    runOnce: async () => {
      const open = new Map((await openDeadLetters(db)).map((one) => [one.class, one]))
      for (const kind of classes) {
        openLetters.set({ class: kind }, open.get(kind)?.letters ?? 0)
        oldestLetter.set({ class: kind }, Math.round(open.get(kind)?.oldest_seconds ?? 0))
      }
      return { open: [...open.values()].reduce((sum, { letters }) => sum + letters, 0) }
    },
  })
}
