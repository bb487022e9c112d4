import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { type Loss, lossyWay, openedAtMs, type WayState } from './lossy-way.ts'

/** A way to a database that can be made to swallow everything, as a broken network does: no error, no answer; or to be bad. */
export interface BlackHoleProxy {
  url: string
  /**
   * Swallows what goes through the connections there are; new ones work. Postgres ends those it hears nothing of after a
   * minute, as its keepalives would (sessions.ts): those between it and this proxy are answered by the machine.
   */
  swallow(): void
  /** Loses packets from now on, of the connections there are as well; null mends it. */
  lose(loss: Loss | null): void
  /** How many packets it has lost so far. */
  lost(): number
  close(): Promise<void>
}

const UNHEARD_MS = 60_000

/** Puts a proxy before the database of `url`. */
export async function blackHoleProxy(url: string): Promise<BlackHoleProxy> {
  const target = new URL(url)
  const parts = new Set<Duplex>()
  const state: WayState = { loss: null, lost: 0 }
  let open: { near: Socket; far: Socket }[] = []
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    const opensAtMs = openedAtMs(state)
    const [there, back] = [lossyWay(state, opensAtMs), lossyWay(state, opensAtMs)]
    near.pipe(there).pipe(far).pipe(back).pipe(near)
    for (const part of [near, there, far, back]) {
      parts.add(part)
      part.on('error', () => near.destroy())
    }
    open.push({ near, far })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const through = new URL(url)
  through.port = String(typeof address === 'object' ? address?.port : '')
  through.hostname = '127.0.0.1'
  return {
    url: through.toString(),
    swallow: () => {
      const swallowed = open
      for (const { near, far } of swallowed) {
        near.unpipe().resume()
        far.unpipe().resume()
      }
      open = []
      setTimeout(() => {
        for (const { far } of swallowed) far.destroy()
      }, UNHEARD_MS).unref()
    },
    lose: (loss) => {
      state.loss = loss
    },
    lost: () => state.lost,
    close: async () => {
      for (const part of parts) part.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
