import { saveReceiverAddress } from '@tds/db'
import { childLogger } from '@tds/runtime'
import type { DeliveryResult, Receiver } from '../receivers/receiver.ts'
import { deliveryLimits, type DeliveryParts } from './delivery-parts.ts'
import type { TakenMessage } from './take-next.ts'

const log = childLogger('alerting:delivery')

/** Sends a message once, and once more where the provider named a new address. Never throws for what a receiver does. */
export async function send(
  parts: DeliveryParts,
  receiver: Receiver,
  o: { readonly taken: TakenMessage; readonly signal: AbortSignal },
): Promise<DeliveryResult> {
  const first = await attempt(parts, receiver, o)
  if (first.class !== 'moved' || first.address === undefined) return first
  await saveReceiverAddress(parts.db, receiver.integration, first.address)
  log.warn('a receiver has moved, and its new address was saved', { integration: receiver.integration })
  return attempt(parts, receiver, { ...o, taken: { ...o.taken, address: first.address } })
}

async function attempt(
  parts: DeliveryParts,
  receiver: Receiver,
  { taken, signal }: { readonly taken: TakenMessage; readonly signal: AbortSignal },
): Promise<DeliveryResult> {
  try {
    return await receiver.deliver({
      id: taken.row.id,
      message: taken.message,
      language: parts.language,
      isPlain: taken.row.is_plain,
      address: taken.address,
      recipients: taken.recipients,
      signal: AbortSignal.any([signal, AbortSignal.timeout(deliveryLimits.attempt)]),
    })
  } catch (error) {
    log.error('a receiver threw, which is a mistake in it', { integration: receiver.integration, error })
    return { class: 'retry', providerStatus: null, detail: 'a mistake of ours', retryAfterMs: null }
  }
}
