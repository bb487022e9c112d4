/**
 * Lets many pass together, or one with nobody beside it. An event that was in flight when a worker died runs alone,
 * so that the next death names its cause.
 */
export interface SoloGate {
  together<T>(work: () => Promise<T>): Promise<T>
  alone<T>(work: () => Promise<T>): Promise<T>
}

/** Makes an open gate. Who wants to be alone waits for those who came before and holds back those who come later. */
export function soloGate(): SoloGate {
  let inside: Promise<unknown>[] = []
  let solo: Promise<unknown> = Promise.resolve()
  return {
    together(work) {
      const before = solo
      // Counts as inside while it waits: the next who wants to be alone must not start beside it.
      return enter(async () => {
        await before
        return work()
      })
    },
    async alone(work) {
      const before = solo
      const waitFor = [...inside]
      const turn = (async () => {
        await before
        await Promise.allSettled(waitFor)
        return work()
      })()
      solo = turn.catch(() => undefined)
      return turn
    },
  }

  async function enter<T>(work: () => Promise<T>): Promise<T> {
    const running = work()
    const settled = running.catch(() => undefined)
    inside.push(settled)
    try {
      return await running
    } finally {
      inside = inside.filter((one) => one !== settled)
    }
  }
}
