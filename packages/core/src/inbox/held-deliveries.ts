import { TdsError } from '@tds/runtime'
import type { IncomingEvent } from './incoming-event.ts'
import type { IntakeAnswer } from './store-deliveries.ts'

/** How much may be held, and for how long. */
export interface HeldLimits {
  readonly maxHeld: number
  readonly maxHeldBytes: number
  readonly deadlineMs: number
}

/** A delivery that has not been answered yet. */
export interface HeldDelivery {
  readonly event: IncomingEvent
  readonly acceptedAt: number
  readonly deadlineAt: number
  readonly resolve: (answer: IntakeAnswer) => void
  readonly reject: (error: TdsError) => void
}

/** The deliveries not answered yet: each is answered once, in time. */
export interface HeldDeliveries {
  /** Why one more cannot be held, or null. */
  refusalOf(event: IncomingEvent): TdsError | null
  hold(event: IncomingEvent, resolve: HeldDelivery['resolve'], reject: HeldDelivery['reject']): HeldDelivery
  /** False once it is answered, which may be a refusal at its deadline. */
  has(delivery: HeldDelivery): boolean
  /** Answers a delivery; one that has been answered already is left alone. */
  answer(delivery: HeldDelivery, answer: IntakeAnswer): void
  /** Refuses a delivery; one that has been answered already is left alone. */
  refuse(delivery: HeldDelivery, refusal: TdsError): void
  count(): number
  /** Forgets the next deadline; for the end, when nothing is held. */
  close(): void
}

/** Holds deliveries within limits and refuses each at its deadline; `onOverdue` is told when that has happened. */
export function holdDeliveries(
  { maxHeld, maxHeldBytes, deadlineMs }: HeldLimits,
  onOverdue: () => void,
): HeldDeliveries {
  // In order of arrival, which is the order of their deadlines too.
  const held = new Set<HeldDelivery>()
  let heldBytes = 0
  let deadlineTimer: NodeJS.Timeout | null = null

  return {
    refusalOf: (event) => {
      const isFull = held.size >= maxHeld || heldBytes + event.rawBody.length > maxHeldBytes
      return isFull ? overloaded(held.size) : null
    },
    hold,
    has: (delivery) => held.has(delivery),
    answer: (delivery, answer) => {
      if (release(delivery)) delivery.resolve(answer)
    },
    refuse: (delivery, refusal) => {
      if (release(delivery)) delivery.reject(refusal)
    },
    count: () => held.size,
    close: () => {
      if (deadlineTimer !== null) clearTimeout(deadlineTimer)
      deadlineTimer = null
    },
  }

  function hold(
    event: IncomingEvent,
    resolve: HeldDelivery['resolve'],
    reject: HeldDelivery['reject'],
  ): HeldDelivery {
    const acceptedAt = performance.now()
    const delivery = { event, acceptedAt, deadlineAt: acceptedAt + deadlineMs, resolve, reject }
    held.add(delivery)
    heldBytes += event.rawBody.length
    deadlineTimer ??= setTimeout(refuseOverdue, deadlineMs)
    return delivery
  }

  // One timer for all of them, set for the oldest.
  function refuseOverdue(): void {
    deadlineTimer = null
    const now = performance.now()
    for (const delivery of held) {
      if (delivery.deadlineAt > now) {
        deadlineTimer = setTimeout(refuseOverdue, Math.ceil(delivery.deadlineAt - now))
        break
      }
      if (release(delivery)) delivery.reject(tooLate(deadlineMs))
    }
    onOverdue()
  }

  /** False for a delivery that has been answered already. */
  function release(delivery: HeldDelivery): boolean {
    if (!held.delete(delivery)) return false
    heldBytes -= delivery.event.rawBody.length
    return true
  }
}

function overloaded(deliveries: number): TdsError {
  return new TdsError('Too many deliveries wait to be stored', {
    code: 'intake_overloaded',
    disposition: 'retry',
    nextStep: 'Deliver again later. If it lasts, see what keeps Postgres busy, or run another api.',
    facts: { deliveries },
  })
}

function tooLate(deadlineMs: number): TdsError {
  return new TdsError(`The delivery could not be stored within ${String(deadlineMs)} ms`, {
    code: 'intake_deadline',
    disposition: 'retry',
    nextStep: 'Deliver again later; see whether Postgres is reachable and answers.',
  })
}
