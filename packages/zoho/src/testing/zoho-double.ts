import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** What the double answers with. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers?: Record<string, string>
}

/** How Zoho refuses a token, or a scope that it lacks. */
export const refusedToken: Answer = {
  status: 401,
  body: '{"code":57,"message":"You are not authorized to perform this operation"}',
}

/** How the token endpoint says that it has issued enough. */
export const throttledBody =
  '{"error":"Access Denied","error_description":"You have made too many requests continuously. Please try again after some time.","status":"failure"}'

/** A server that answers as it is told, in order; its tokens are `1000.token.1`, `1000.token.2`, … */
export interface ZohoDouble {
  readonly url: string
  readonly calls: { url: string | undefined; authorization: string | undefined }[]
  readonly tokenRequests: string[]
  /** What the next calls get, then `otherwise`. */
  readonly answers: (Answer | 'reset')[]
  otherwise: Answer
  /** What the next requests for a token get instead of one. */
  readonly tokenAnswers: Answer[]
  /** Held up before a request for a token is answered. */
  beforeToken: () => Promise<void>
  refuse(token: string): void
}

const servers = new Set<Server>()

afterEach(() => {
  for (const server of servers) {
    server.closeAllConnections()
    server.close()
  }
  servers.clear()
})

/** Starts one; it ends with the test. */
export async function startZohoDouble(): Promise<ZohoDouble> {
  const refused = new Set<string>()
  const server = createServer((request, response) => {
    void answerAs(zoho, refused, { request, response })
  })
  servers.add(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const zoho: ZohoDouble = {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    calls: [],
    tokenRequests: [],
    answers: [],
    otherwise: { status: 500, body: '' },
    tokenAnswers: [],
    beforeToken: () => Promise.resolve(),
    refuse: (token) => refused.add(`Zoho-oauthtoken ${token}`),
  }
  return zoho
}

interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
}

async function answerAs(
  zoho: ZohoDouble,
  refused: ReadonlySet<string>,
  { request, response }: Exchange,
): Promise<void> {
  const { url, headers } = request
  if (url === '/oauth/v2/token') {
    zoho.tokenRequests.push(Buffer.concat(await request.toArray()).toString())
    const minted = `{"access_token":"1000.token.${String(zoho.tokenRequests.length)}","expires_in":3600,"token_type":"Bearer"}`
    const answer = zoho.tokenAnswers.shift() ?? { status: 200, body: minted }
    await zoho.beforeToken()
    send(response, answer)
    return
  }
  zoho.calls.push({ url, authorization: headers.authorization })
  const isRefused = refused.has(headers.authorization ?? '')
  const answer = isRefused ? refusedToken : (zoho.answers.shift() ?? zoho.otherwise)
  if (answer === 'reset') request.socket.destroy()
  else send(response, answer)
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json;charset=UTF-8', ...headers })
  response.end(body)
}
