import { systemClock, type Clock } from '@tds/runtime'

/** Spreads what a replay may begin in a second over that second. */
export interface ReplayPace {
  /** How many items of an operation may be begun now; what is not asked for within half a second is gone. */
  take(operationId: string, ratePerSecond: number): number
}

/** What is saved up at most, in seconds: a replay that was held up does not make up for it at one stroke. */
const savedSeconds = 0.5

/** Keeps, for each operation, what its rate has granted since it was last asked for. */
export function replayPace(clock: Pick<Clock, 'monotonicMs'> = systemClock): ReplayPace {
  const accounts = new Map<string, { granted: number; readonly atMs: number }>()
  return {
    take: (operationId, ratePerSecond) => {
      const atMs = clock.monotonicMs()
      const before = accounts.get(operationId)
      const seconds = before === undefined ? 0 : (atMs - before.atMs) / 1000
      const most = Math.max(1, ratePerSecond * savedSeconds)
      const granted = before === undefined ? 1 : Math.min(most, before.granted + ratePerSecond * seconds)
      const now = Math.floor(granted)
      accounts.set(operationId, { granted: granted - now, atMs })
      for (const [id, account] of accounts) if (atMs - account.atMs > 60_000) accounts.delete(id)
      return now
    },
  }
}
