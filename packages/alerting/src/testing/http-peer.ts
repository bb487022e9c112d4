import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** How a fake provider answers one request: `hang` never does, `reset` cuts the connection after the request. */
export type PeerAnswer =
  | 'hang'
  | 'reset'
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }

/** A request as it arrived. */
export interface PeerRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Monotonic. */
  readonly atMs: number
  /** How it was answered. */
  readonly answer: PeerAnswer
}

/** A provider on loopback that answers as it was told and remembers everything. */
export interface HttpPeer {
  readonly url: string
  readonly requests: PeerRequest[]
  /** The next answers, in order; afterwards as usual. */
  willAnswer(...answers: PeerAnswer[]): void
  /** Decides from now on, whatever is asked. */
  answersWith(decide: (request: Omit<PeerRequest, 'answer'>) => PeerAnswer): void
  /** Resolves once so many requests have arrived. */
  untilAsked(count: number): Promise<void>
  stop(): Promise<void>
}

/** Starts one; `usual` is what it answers where nothing else was told. */
export async function startHttpPeer(usual: PeerAnswer): Promise<HttpPeer> {
  const requests: PeerRequest[] = []
  const script: PeerAnswer[] = []
  const waiting = new Set<() => void>()
  let decide: (request: Omit<PeerRequest, 'answer'>) => PeerAnswer = () => script.shift() ?? usual

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await buffer(request)).toString('utf8')
    const seen = { path: request.url ?? '', headers: request.headers, body, atMs: performance.now() }
    const answer = decide(seen)
    requests.push({ ...seen, answer })
    for (const look of waiting) look()
    if (answer === 'hang') return
    if (answer === 'reset') {
      request.socket.destroy()
      return
    }
    response.writeHead(answer.status, answer.headers ?? {})
    response.end(answer.body ?? '')
  }

  const server = createServer((request, response) => void take(request, response).catch(() => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    willAnswer: (...answers) => void script.push(...answers),
    answersWith: (next) => (decide = next),
    untilAsked: (count) =>
      new Promise((resolve) => {
        function look(): void {
          if (requests.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    stop: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
