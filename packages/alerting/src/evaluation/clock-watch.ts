import { systemClock, type Clock } from '@tds/runtime'

/** Notices when the clock of the database does something else than time itself. */
export interface ClockWatch {
  /** Seconds that the database's clock has jumped since the last look, ahead (above 0) or back; 0 for none worth the name. */
  look(databaseNow: Date): number
}

/** Less is the time a statement takes, or a machine that stood still for a moment. */
const jumpSeconds = 30

/** Holds the database's time against the machine's monotonic clock. */
export function clockWatch(clock: Pick<Clock, 'monotonicMs'> = systemClock): ClockWatch {
  let last: { readonly databaseMs: number; readonly monotonicMs: number } | null = null
  return {
    look: (databaseNow) => {
      const seen = { databaseMs: databaseNow.getTime(), monotonicMs: clock.monotonicMs() }
      const passed = last === null ? 0 : seen.monotonicMs - last.monotonicMs
      const jumped = last === null ? 0 : seen.databaseMs - last.databaseMs - passed
      last = seen
      return Math.abs(jumped) > jumpSeconds * 1000 ? Math.round(jumped / 1000) : 0
    },
  }
}
