import { sweepInbox, takeBackWork, type SweepParts } from '@tds/core'
import { poller, type Service } from '@tds/runtime'
import type { Lanes } from '../lanes.ts'

/** What the rescuers need. */
export interface RescuerParts extends Omit<SweepParts, 'mover'> {
  readonly daemonId: string
  readonly lanes: Lanes
}

/** Takes back, every few seconds, the events that a dead worker had in its hands: the promise is a minute. */
export function leaseRescuer(parts: RescuerParts): Service {
  return poller({
    name: 'lease-rescuer',
    everyMs: 5_000,
    runOnce: () =>
      parts.lanes.run((lane) => takeBackWork({ ...parts, mover: { daemonId: parts.daemonId, lane } })),
  })
}

/** Gives a new job to events and reads that none carries; it looks through all that waits, so it runs less often. */
export function inboxSweeper(parts: RescuerParts): Service {
  return poller({
    name: 'inbox-sweeper',
    everyMs: 30_000,
    runOnce: () =>
      parts.lanes.run((lane) => sweepInbox({ ...parts, mover: { daemonId: parts.daemonId, lane } })),
  })
}
