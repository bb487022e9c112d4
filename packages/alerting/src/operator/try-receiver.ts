import { noteAction, type OperatorRequest } from '@tds/core'
import type { DeliveryParts } from '../delivery/delivery-parts.ts'
import { findReceiver, testReceiver, type ReceiverTest } from '../delivery/test-receiver.ts'
import type { Integration } from '../receivers/receiver.ts'

/** A test that a person asked for; `test` is null where it was only rehearsed. */
export interface TriedReceiver {
  readonly integration: Integration
  readonly shownAddress: string
  readonly test: ReceiverTest | null
}

/**
 * Tests a receiver and notes who did. What is sent cannot be taken back: a rehearsal only looks whether it is configured.
 *
 * @throws TdsError `receiver_unknown`, `too_many_tests`.
 */
export async function tryReceiver(
  parts: DeliveryParts,
  name: string,
  request: OperatorRequest,
): Promise<TriedReceiver> {
  const { integration, shownAddress } = findReceiver(parts, name)
  if (request.dryRun) return { integration, shownAddress, test: null }
  const test = await testReceiver(parts, name)
  const { notificationId, result, isCounted } = test
  await parts.db.transaction((tx) =>
    noteAction(tx, request, {
      action: 'receiver.test',
      subject: integration,
      facts: { notificationId, outcome: result.class, providerStatus: result.providerStatus, isCounted },
    }),
  )
  return { integration, shownAddress, test }
}
