import type { SpoolState } from './spool-state.ts'

/** What an api tells of its spool with each heartbeat, so that the alerter knows without asking it. */
export function spoolFacts({ records, oldestSeconds, freeShare }: SpoolState) {
  return { spoolRecords: records, spoolOldestSeconds: oldestSeconds, spoolFreeShare: freeShare }
}
