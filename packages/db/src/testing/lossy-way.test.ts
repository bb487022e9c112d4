import { text } from 'node:stream/consumers'

import { type Loss, lossyWay } from './lossy-way.ts'

describe('lossyWay', () => {
  /** What arrives of these packets, and after how long. */
  async function sent(packets: readonly string[], loss: Loss | null) {
    const state = { loss, lost: 0 }
    const from = performance.now()
    const way = lossyWay(state, from)
    for (const packet of packets) way.write(packet)
    way.end()
    return { arrived: await text(way), ms: performance.now() - from, lost: state.lost }
  }

  it('hands everything on in order, and what was lost twice after the two waits of TCP', async () => {
    const luck = [0.1, 0.1, 0.9]
    const chance = () => luck.shift() ?? 0.9
    const { arrived, ms, lost } = await sent(['a', 'b', 'c'], { delayMs: 20, share: 0.2, chance })
    expect({ arrived, lost }).toEqual({ arrived: 'abc', lost: 2 })
    // Once there, then 240 ms and 480 ms until it is sent again.
    expect(ms).toBeGreaterThanOrEqual(20 + 240 + 480 - 2)
  })

  it('keeps nothing back while it is good', async () => {
    const { arrived, lost } = await sent(['a', 'b'], null)
    expect({ arrived, lost }).toEqual({ arrived: 'ab', lost: 0 })
  })
})
