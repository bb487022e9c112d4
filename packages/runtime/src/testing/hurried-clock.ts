import { systemClock, type Clock } from '../clock.ts'

/** The machine's clock, so many times as fast: hours of waiting become minutes, and everything still happens at once. */
export function hurriedClock(rate: number): Clock {
  return {
    now: () => new Date(),
    monotonicMs: () => systemClock.monotonicMs() * rate,
    sleep: (ms, signal) => systemClock.sleep(ms / rate, signal),
  }
}
