import { poller, systemClock, type Clock, type Poller } from '@tds/runtime'
import { emergencyMessage, type Emergency, type EmergencyMessage, type EmergencyParts } from './emergency.ts'

/** What is watched, and for how long it may be wrong. */
export interface EmergencyLookOptions extends EmergencyParts {
  readonly rule: string
  readonly title: string
  /** Resolves while all is well; what it throws says what is not. */
  readonly probe: () => Promise<void>
  /** For how long it must be so before people are told. */
  readonly afterMs: number
  readonly repeatMs: number
  /** What is done once it is over and people were told, for example writing down what could not be written then. */
  readonly onEnd?: (emergency: Emergency) => Promise<void>
  readonly clock?: Clock
}

/** The same with how often it is looked at. */
export interface EmergencyWatchOptions extends EmergencyLookOptions {
  readonly everyMs: number
}

/** Makes looks that remember what the one before saw; each returns what it did as numbers. */
export function emergencyLook(
  options: EmergencyLookOptions,
): (signal: AbortSignal) => Promise<Record<string, number>> {
  const watch = new Watch(options, options.clock ?? systemClock)
  return (signal) => watch.look(signal)
}

/**
 * Watches one thing and tells people by every way there is, itself, when it has been wrong for long: once, again while it
 * lasts, and that it is over. It needs neither Postgres nor the outbox.
 */
export function emergencyWatch(options: EmergencyWatchOptions): Poller {
  const { rule, everyMs, clock } = options
  return poller({ name: `emergency-${rule}`, everyMs, clock, runOnce: emergencyLook(options) })
}

class Watch {
  readonly #options: EmergencyLookOptions
  readonly #clock: Clock
  #wrongSince: { readonly at: Date; readonly monotonicMs: number } | null = null
  #told: { readonly monotonicMs: number; readonly count: number } | null = null
  #sending: EmergencyMessage | null = null

  constructor(options: EmergencyLookOptions, clock: Clock) {
    this.#options = options
    this.#clock = clock
  }

  async look(signal: AbortSignal): Promise<Record<string, number>> {
    const problem = await this.#options.probe().then(
      () => null,
      (error: unknown) => (error instanceof Error ? error.name : 'unknown'),
    )
    if (problem === null) await this.#noteWell()
    else this.#noteWrong(problem)
    if (this.#sending !== null && (await this.#sending.attempt(signal))) this.#sending = null
    return { wrong: problem === null ? 0 : 1, told: this.#told?.count ?? 0 }
  }

  #noteWrong(problem: string): void {
    const monotonicMs = this.#clock.monotonicMs()
    this.#wrongSince ??= { at: this.#clock.now(), monotonicMs }
    if (monotonicMs - this.#wrongSince.monotonicMs < this.#options.afterMs) return
    if (this.#told !== null && monotonicMs - this.#told.monotonicMs < this.#options.repeatMs) return
    const count = this.#told?.count ?? 0
    this.#told = { monotonicMs, count: count + 1 }
    this.#send({ since: this.#wrongSince.at, endedAt: null, repeat: count, facts: { reason: problem } })
  }

  async #noteWell(): Promise<void> {
    const since = this.#wrongSince?.at
    const wasTold = this.#told !== null
    this.#wrongSince = null
    this.#told = null
    if (since === undefined || !wasTold) return
    const emergency = this.#send({ since, endedAt: this.#clock.now(), repeat: 0, facts: {} })
    await this.#options.onEnd?.(emergency)
  }

  #send(o: Omit<Emergency, 'rule' | 'title'>): Emergency {
    const { rule, title } = this.#options
    const emergency = { rule, title, ...o }
    this.#sending = emergencyMessage(this.#options, emergency)
    return emergency
  }
}
