import type { IncomingEvent, Intake, IntakeAnswer } from '@tds/core'
import { childLogger, TdsError } from '@tds/runtime'
import type { Spool, SpoolReason } from '../spool/spool.ts'
import { incomingDelivery, unreadDelivery, type AuthenticDelivery } from './incoming-delivery.ts'

/** Where deliveries go. */
export interface TakingParts {
  readonly intake: Pick<Intake, 'accept'>
  readonly spool: Pick<Spool, 'put' | 'state'>
  readonly organizationId: string
  /** The database's time, as well as it is known here. */
  readonly now: () => Date
  /** Whether Postgres is known not to answer. */
  readonly isDatabaseAway: () => boolean
}

/** What became of a delivery that is safe. */
export type TakenAnswer = IntakeAnswer | SpooledAnswer

/** Kept on local disk until Postgres is back. */
export interface SpooledAnswer {
  readonly eventId: string
  readonly outcome: 'spooled'
}

const log = childLogger('api:webhooks')

/**
 * Takes an authentic delivery into the inbox, or into the spool where that is not possible in time. Throws why the inbox
 * did not take it when the spool did not either; and a mistake of ours always, spooled or not.
 */
export async function takeDelivery(delivery: AuthenticDelivery, parts: TakingParts): Promise<TakenAnswer> {
  const event = await readOrKeep(delivery, parts)
  // Nobody waits three seconds for what is known already.
  if (parts.isDatabaseAway() && parts.spool.state().problem === null) {
    const spooled = await trySpool(parts, { delivery, event, why: 'away' })
    if (spooled !== null) return spooled
  }
  try {
    return await parts.intake.accept(event)
  } catch (error) {
    const why = spoolReason(error)
    const spooled = await trySpool(parts, { delivery, event, why })
    if (spooled === null || why === 'bug') throw error
    return spooled
  }
}

/** Whether an error passes by itself: then nothing is wrong with us or with the delivery. */
export function isPassing(error: unknown): error is TdsError {
  return error instanceof TdsError && error.disposition === 'retry' && error.code !== 'unexpected'
}

async function readOrKeep(delivery: AuthenticDelivery, parts: TakingParts): Promise<IncomingEvent> {
  try {
    return incomingDelivery(delivery, { organizationId: parts.organizationId, now: parts.now() })
  } catch (error) {
    await trySpool(parts, { delivery, event: unreadDelivery(delivery, parts), why: 'bug' })
    throw error
  }
}

interface Unstored {
  readonly delivery: AuthenticDelivery
  readonly event: IncomingEvent
  readonly why: SpoolReason
}

async function trySpool(
  parts: TakingParts,
  { delivery, event, why }: Unstored,
): Promise<SpooledAnswer | null> {
  const promised = withoutClock(event, { delivery, parts })
  try {
    await parts.spool.put(promised, why)
    return { eventId: promised.id, outcome: 'spooled' }
  } catch (error) {
    // The spool tells once that it takes nothing; each delivery that it does not take is counted by its answer.
    log.debug('a delivery could not be spooled', { requestId: delivery.sender.requestId, why, error })
    return null
  }
}

/** Whether a version lies in the future is not for this machine's clock to say: draining judges it by the database's. */
function withoutClock(
  event: IncomingEvent,
  { delivery, parts }: { readonly delivery: AuthenticDelivery; readonly parts: TakingParts },
): IncomingEvent {
  if (event.errorCode !== 'future') return event
  return incomingDelivery(delivery, { organizationId: parts.organizationId, now: endOfTime })
}

/** The latest instant that a Date holds. */
const endOfTime = new Date(8.64e15)

function spoolReason(error: unknown): SpoolReason {
  if (!isPassing(error)) return 'bug'
  return reasons[error.code] ?? 'database'
}

const reasons: Readonly<Record<string, SpoolReason>> = {
  intake_deadline: 'deadline',
  intake_overloaded: 'overload',
  intake_closed: 'closed',
}
