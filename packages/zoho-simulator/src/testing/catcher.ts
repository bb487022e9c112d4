import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What arrived at the catcher. */
export interface Caught {
  method: string
  url: string
  headers: IncomingHttpHeaders
  body: string
}

/** A server that takes whatever is sent to it. */
export interface Catcher {
  url: string
  caught: Caught[]
  /** How many requests were open at once, at most. */
  mostAtOnce(): number
  close(): Promise<void>
}

/** What the catcher answers; `hang` never answers. */
export type CatcherAnswer = { status: number; body: string } | 'hang'

/** Gives the answer to a request, which has a number from 0; a promise keeps the request open. */
export type CatcherRule = (caught: Caught, number: number) => CatcherAnswer | Promise<CatcherAnswer>

/** Starts a catcher that answers by one rule. */
export async function startCatcher(answer: CatcherRule): Promise<Catcher> {
  const caught: Caught[] = []
  let open = 0
  let most = 0
  const server = createServer((request, response) => {
    most = Math.max(most, ++open)
    response.on('close', () => open--)
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const arrived = { method, url, headers, body: Buffer.concat(chunks).toString() }
      void Promise.resolve(answer(arrived, caught.push(arrived) - 1)).then((given) => {
        if (given !== 'hang') response.writeHead(given.status).end(given.body)
      })
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${port}`, caught, mostAtOnce: () => most, close }
}
