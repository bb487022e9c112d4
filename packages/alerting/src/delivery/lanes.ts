import { adoptReceiverSettings } from '@tds/db'
import { childLogger, poller, service, serviceGroup, type Poller, type Service } from '@tds/runtime'
import type { Receiver } from '../receivers/receiver.ts'
import { settingsMark } from '../receivers/settings-mark.ts'
import { deliverDue } from './deliver-due.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { tendOutbox } from './tend-outbox.ts'

const log = childLogger('alerting:delivery')

/** Sends what is in the outbox. */
export interface DeliveryService extends Service {
  /** Says that something was put into the outbox. */
  readonly wake: () => void
}

/** One lane for each receiver, so that none waits for another, and one look over the outbox; any alerter runs it. */
export function deliveryService(parts: DeliveryParts): DeliveryService {
  const lanes = parts.receivers.map((receiver) => lane(parts, receiver))
  const tending = poller({ name: 'delivery-outbox', everyMs: 5000, runOnce: () => tendOutbox(parts) })
  const closing = service({
    name: 'delivery-receivers',
    start: () => undefined,
    stop: async () => {
      await Promise.all(parts.receivers.map((receiver) => receiver.close()))
    },
  })
  return {
    ...serviceGroup('delivery', [closing, ...lanes, tending]),
    wake: () => {
      for (const one of lanes) one.wake()
    },
  }
}

function lane(parts: DeliveryParts, receiver: Receiver): Poller {
  let isAdopted = false
  return poller({
    name: `delivery-${receiver.integration}`,
    everyMs: 1000,
    runOnce: async (signal) => {
      if (!isAdopted && (await adoptReceiver(parts, receiver)))
        log.info('a receiver has new settings and is tried as if it were new', {
          integration: receiver.integration,
        })
      isAdopted = true
      return deliverDue(parts, receiver, signal)
    },
  })
}

/**
 * Notes the settings of a receiver; true where they are new, and what was wrong with the old ones is forgotten.
 *
 * @internal
 */
export async function adoptReceiver({ db }: DeliveryParts, receiver: Receiver): Promise<boolean> {
  return adoptReceiverSettings(db, receiver.integration, settingsMark(receiver))
}
