import { hastenReads, sweepInbox, takeBackWork, type SweepParts } from '@tds/core'
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

/** Lets reads go on that wait for the next day although calls of this one were bought: somebody waits for their events. */
export function heldReadsRescuer(
  parts: Pick<RescuerParts, 'db' | 'queue'>,
  o: { readonly perDay: number | undefined },
): Service {
  return poller({
    name: 'held-reads',
    everyMs: 30_000,
    runOnce: async () => ({ ...(await hastenReads(parts, { perDay: o.perDay ?? null })) }),
  })
}
