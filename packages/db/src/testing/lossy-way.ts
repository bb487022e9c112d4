import { Transform } from 'node:stream'

/** How bad a way is in each direction. */
export interface Loss {
  /** What every packet takes, in milliseconds. */
  readonly delayMs: number
  /** Share of the packets that do not arrive, from 0 to 1. */
  readonly share: number
  /** A number from 0 up to, but not including, 1. */
  readonly chance: () => number
}

/** How bad the way is at this moment, null while it is good, and how many packets it has lost. */
export interface WayState {
  loss: Loss | null
  lost: number
}

/** What Linux adds to the round trip before it sends a packet again, and the first wait of a connection being opened; ms. */
const RESEND_MS = 200
const RESEND_OPENING_MS = 1_000

/**
 * One direction of a connection over a way that loses packets. TCP sends what was lost again, after a wait that doubles, and
 * hands on nothing that came later before it: whoever uses the connection sees that wait and never the loss. A chunk is taken
 * for one packet.
 */
export function lossyWay(state: WayState, opensAtMs: number): Transform {
  const underWay: { readonly atMs: number; readonly arrive: () => void }[] = []
  let lastMs = opensAtMs
  let timer: NodeJS.Timeout | undefined
  const arrivals = (): void => {
    while ((underWay[0]?.atMs ?? Infinity) <= performance.now()) underWay.shift()?.arrive()
    const next = underWay[0]
    if (next !== undefined) timer = setTimeout(arrivals, Math.ceil(next.atMs - performance.now()))
  }
  const send = (arrive: () => void): void => {
    lastMs = Math.max(lastMs, performance.now() + travelMs(state, RESEND_MS))
    underWay.push({ atMs: lastMs, arrive })
    if (underWay.length === 1) arrivals()
  }
  const way = new Transform({
    transform: (chunk: Buffer, _encoding, taken) => {
      send(() => way.push(chunk))
      taken()
    },
    flush: (ended) => {
      send(ended)
    },
    destroy: (error, destroyed) => {
      clearTimeout(timer)
      destroyed(error)
    },
  })
  return way
}

/** When a connection that is being opened now lets the first bytes through: question and answer have to arrive. */
export function openedAtMs(state: WayState): number {
  const trips = [0, 0].map(() => travelMs(state, RESEND_OPENING_MS))
  return performance.now() + trips.reduce((sum, ms) => sum + ms, 0)
}

function travelMs(state: WayState, resendMs: number): number {
  const { loss } = state
  if (loss === null) return 0
  let waitMs = 2 * loss.delayMs + resendMs
  let travel = loss.delayMs
  while (loss.chance() < loss.share) {
    state.lost += 1
    travel += waitMs
    waitMs *= 2
  }
  return travel
}
