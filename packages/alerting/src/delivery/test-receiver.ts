import {
  countTests,
  databaseTime,
  insertNotification,
  lockReceiverState,
  type NotificationLease,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import type { AlertMessage } from '../messages/message.ts'
import type { DeliveryResult, Integration, Receiver } from '../receivers/receiver.ts'
import { settingsMark } from '../receivers/settings-mark.ts'
import type { DeliveryParts } from './delivery-parts.ts'
import { settleTest } from './settle-test.ts'

/** What a test of a receiver came to. */
export interface ReceiverTest {
  readonly integration: Integration
  readonly shownAddress: string
  readonly notificationId: string
  readonly result: DeliveryResult
  readonly tookMs: number
  /** False where an alerter works with other settings: then the test says nothing about its receiver. */
  readonly isCounted: boolean
}

const mostPerMinute = 5
const longestTestMs = 15_000

/**
 * Sends a message marked as a test through one receiver, also where that is broken: one that works again is used again.
 * It is in the delivery log, not in the history of alerts.
 *
 * @throws TdsError `receiver_unknown` where it is not configured, `too_many_tests` after five within a minute.
 */
export async function testReceiver(parts: DeliveryParts, integration: string): Promise<ReceiverTest> {
  const receiver = findReceiver(parts, integration)
  const { lease, message, address, isCounted } = await begin(parts, receiver)
  const startedMs = performance.now()
  const result = await within(longestTestMs, (signal) =>
    receiver.deliver({
      id: lease.id,
      message,
      language: parts.language,
      isPlain: false,
      address,
      recipients: [],
      signal,
    }),
  )
  const tookMs = Math.round(performance.now() - startedMs)
  await settleTest(parts, { lease, integration, result, isCounted })
  return {
    integration: receiver.integration,
    shownAddress: receiver.shownAddress,
    notificationId: lease.id,
    result,
    tookMs,
    isCounted,
  }
}

/**
 * The receiver of this integration.
 *
 * @throws TdsError `receiver_unknown` where it is not configured.
 */
export function findReceiver({ receivers }: Pick<DeliveryParts, 'receivers'>, integration: string): Receiver {
  const receiver = receivers.find((one) => one.integration === integration)
  if (receiver === undefined) throw unknownReceiver(integration)
  return receiver
}

interface Begun {
  readonly lease: NotificationLease
  readonly message: AlertMessage
  readonly address: string | null
  readonly isCounted: boolean
}

async function begin(parts: DeliveryParts, receiver: Receiver): Promise<Begun> {
  const { integration } = receiver
  return parts.db.transaction(async (tx) => {
    // Holding the receiver's row, two who test at once count each other.
    const state = await lockReceiverState(tx, integration)
    const { settings_mark: mark } = state
    const isCounted = mark === null || mark === settingsMark(receiver)
    // Where it has moved to is known of the settings of the alerter alone.
    const address = isCounted ? state.address : null
    if ((await countTests(tx, integration)) >= mostPerMinute) throw tooManyTests(integration)
    const message = testMessage(parts, (await databaseTime(tx)).toISOString())
    const id = await insertNotification(tx, {
      receiver: `test/${integration}`,
      integration,
      kind: 'test',
      severity: 'info',
      message,
      expiresInSeconds: 60,
      holder: parts.holder,
    })
    return { lease: { id, holder: parts.holder, epoch: 1 }, message, address, isCounted }
  })
}

function testMessage({ environment }: DeliveryParts, at: string): AlertMessage {
  return {
    kind: 'test',
    severity: 'info',
    environment,
    at,
    reason: null,
    repeat: 0,
    alerts: [],
    more: 0,
    counts: { firing: 0, resolved: 0 },
    runbookUrl: null,
    alertUrl: null,
  }
}

/** A receiver obeys its signal; one that does not is not waited for. */
async function within(
  ms: number,
  deliver: (signal: AbortSignal) => Promise<DeliveryResult>,
): Promise<DeliveryResult> {
  const signal = AbortSignal.timeout(ms - 500)
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<DeliveryResult>((resolve) => {
    timer = setTimeout(() => {
      resolve({ class: 'retry', providerStatus: null, detail: 'no answer in time', retryAfterMs: null })
    }, ms)
  })
  try {
    return await Promise.race([deliver(signal), late])
  } finally {
    clearTimeout(timer)
  }
}

function unknownReceiver(integration: string): TdsError {
  return new TdsError(`there is no receiver ${integration}`, {
    code: 'receiver_unknown',
    disposition: 'reject',
    nextStep: 'Name one that is configured: telegram, slack, email or webhook.',
    facts: { integration },
  })
}

function tooManyTests(integration: string): TdsError {
  return new TdsError(`${integration} was tested five times within a minute`, {
    code: 'too_many_tests',
    disposition: 'retry',
    nextStep: 'Wait a minute, then test it again.',
    facts: { integration },
  })
}
