import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

/** A way to a database that can be made to swallow everything, as a broken network does: no error, no answer. */
export interface BlackHoleProxy {
  url: string
  /** Swallows what goes through the connections there are; new ones work. */
  swallow(): void
  close(): Promise<void>
}

/** Puts a proxy before the database of `url`. */
export async function blackHoleProxy(url: string): Promise<BlackHoleProxy> {
  const target = new URL(url)
  const sockets = new Set<Socket>()
  let open: { near: Socket; far: Socket }[] = []
  const server = createServer((near) => {
    const far = connect(Number(target.port), target.hostname)
    near.pipe(far).pipe(near)
    for (const socket of [near, far]) {
      sockets.add(socket)
      socket.on('error', () => near.destroy())
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
      for (const { near, far } of open) {
        near.unpipe(far).resume()
        far.unpipe(near).resume()
      }
      open = []
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}
