import { hash } from 'node:crypto'
import { childLogger, counter, poller, type Poller } from '@tds/runtime'

/** A delivery that was not taken and of which nothing is kept but this. */
export interface Refusal {
  readonly answer: 401 | 404 | 405 | 413
  readonly reason: string
  /** A resource of the registry, or `unknown`. */
  readonly resource: string
  readonly address: string | null
  readonly requestId: string
  /** Bytes of the body, as far as they are known. */
  readonly size: number
  readonly rawBody?: Buffer
}

/** Counts refusals, and tells of them in the log now and then. */
export interface Refusals extends Poller {
  note(refusal: Refusal): void
}

const log = childLogger('api:webhooks')

const refused = counter({
  name: 'tds_webhook_refusals_total',
  help: 'Deliveries that were not taken, by answer and reason. They may have been ours: a wrong secret looks like this.',
  labelNames: ['answer', 'reason', 'resource'],
})

/**
 * Keeps strangers from filling the log: however many deliveries are refused, there is one line for each kind of
 * refusal every ten seconds, with how often it happened and the first of them as an example. `count` is told of each.
 */
export function refusals(o: { readonly count: (refusal: Refusal) => void }): Refusals {
  let kinds = new Map<string, { first: Record<string, unknown>; times: number }>()

  const telling = poller({
    name: 'webhook-refusals',
    everyMs: 10_000,
    runOnce: () => Promise.resolve({ refused: tell() }),
  })
  return {
    ...telling,
    stop: async () => {
      await telling.stop()
      tell()
    },
    note: (refusal) => {
      const { answer, reason, resource } = refusal
      refused.inc({ answer: String(answer), reason, resource })
      o.count(refusal)
      const kind = `${String(answer)} ${reason} ${resource}`
      const known = kinds.get(kind)
      if (known === undefined) kinds.set(kind, { first: describe(refusal), times: 1 })
      else known.times += 1
    },
  }

  function tell(): number {
    const told = kinds
    kinds = new Map()
    let all = 0
    for (const { first, times } of told.values()) {
      all += times
      log.warn('deliveries were refused', { times, ...first })
    }
    return all
  }
}

// The digest lets an operator compare with what a sender says it sent; the body itself is nobody's we know.
function describe({ rawBody, address, ...facts }: Refusal): Record<string, unknown> {
  return {
    ...facts,
    remoteAddress: address,
    ...(rawBody === undefined ? {} : { sha256: hash('sha256', rawBody) }),
  }
}
