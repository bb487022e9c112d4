import pLimit from 'p-limit'

/** Places for calls to Zoho in flight from this process. */
export interface ReadSlots {
  /** Runs a read that an event or an incomplete row waits for. */
  urgent<T>(read: () => Promise<T>): Promise<T>
  /** Runs a read that nothing waits for. */
  patient<T>(read: () => Promise<T>): Promise<T>
}

/**
 * Makes the places. Patient reads never have more than half of them, also while they wait for their turn at Zoho, so
 * that an urgent one finds a place at once. Of a single place there is no half: then they wait beside it.
 */
export function createReadSlots(maxInFlight: number): ReadSlots {
  const all = pLimit(maxInFlight)
  const half = Math.floor(maxInFlight / 2)
  const patient = pLimit(Math.max(1, half))
  return {
    urgent: (read) => all(read),
    patient: (read) => patient(() => (half > 0 ? all(read) : read())),
  }
}
