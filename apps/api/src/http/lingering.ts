import type { IncomingMessage, ServerResponse } from 'node:http'

/** After a refusal, this much more of the body is read and thrown away, or read for this long. */
const mostBytes = 8 * 1024 ** 2
const mostMs = 2000

/**
 * Ends a request whose body nobody wants: the answer goes out whole at once, then the connection is closed. In
 * between, a bounded part of what the client still sends is thrown away, because a connection closed on
 * unread data is reset, and the client would never see the answer.
 */
export function answerAndClose(
  request: IncomingMessage,
  response: ServerResponse,
  answer: { readonly status: number; readonly headers: readonly string[]; readonly body: string },
): void {
  const length = String(Buffer.byteLength(answer.body))
  response.writeHead(answer.status, [...answer.headers, 'Content-Length', length, 'Connection', 'close'])
  response.write(answer.body)
  if (request.complete) {
    response.end()
    return
  }
  let thrownAway = 0
  const patience = setTimeout(close, mostMs)
  request.on('data', (chunk: Buffer) => {
    thrownAway += chunk.length
    if (thrownAway > mostBytes) close()
  })
  for (const event of ['end', 'error', 'close']) request.on(event, close)
  request.resume()

  function close(): void {
    clearTimeout(patience)
    response.end()
  }
}
