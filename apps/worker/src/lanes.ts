/** Numbers for work that runs side by side, so that each has counter rows of its own and none waits for another. */
export interface Lanes {
  run<T>(work: (lane: number) => Promise<T>): Promise<T>
}

/** Hands out the lowest free number and takes it back when the work ends. */
export function createLanes(): Lanes {
  const taken = new Set<number>()
  return {
    async run(work) {
      let lane = 0
      while (taken.has(lane)) lane += 1
      taken.add(lane)
      try {
        return await work(lane)
      } finally {
        taken.delete(lane)
      }
    },
  }
}
