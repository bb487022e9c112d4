import {
  finishNotification,
  lockReceiverState,
  noteReceiverFailure,
  noteReceiverSuccess,
  saveReceiverAddress,
  type NotificationLease,
} from '@tds/db'
import type { DeliveryResult } from '../receivers/receiver.ts'
import type { DeliveryParts } from './delivery-parts.ts'

/** A test and what it came to. */
export interface FinishedTest {
  readonly lease: NotificationLease
  readonly integration: string
  readonly result: DeliveryResult
  /** Whether it was the receiver that alerters use, and not one with other settings. */
  readonly isCounted: boolean
}

/** Writes what came of a test: it is tried once, and what it shows of the receiver counts. */
export async function settleTest(
  { db }: DeliveryParts,
  { lease, integration, result, isCounted }: FinishedTest,
): Promise<void> {
  await db.transaction(async (tx) => {
    await lockReceiverState(tx, integration)
    await finishNotification(tx, lease, {
      state: result.class === 'success' ? 'delivered' : 'dead',
      outcome: result.class,
      providerStatus: result.providerStatus,
      detail: result.detail,
      recipients: result.recipients ?? null,
      waitMs: 0,
      burnsAttempt: result.class !== 'success',
      isPlain: false,
    })
    if (!isCounted) return
    if (result.class === 'success') return noteReceiverSuccess(tx, integration)
    if (result.class === 'moved' && result.address !== undefined)
      return saveReceiverAddress(tx, integration, result.address)
    await noteReceiverFailure(tx, integration, {
      error: [result.providerStatus, result.detail].filter((part) => part !== null).join(': '),
      pauseMs: result.class === 'pause' ? Math.min(result.retryAfterMs ?? 60_000, 15 * 60_000) : null,
      isBroken: result.class === 'broken',
    })
  })
}
