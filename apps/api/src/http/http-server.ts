import { createServer, STATUS_CODES, type RequestListener, type Server } from 'node:http'
import type { Socket } from 'node:net'
import { childLogger, codeOf, messageOf, service, TdsError, type Service } from '@tds/runtime'

const log = childLogger('api:http')

/** The api's own HTTP server. */
export interface HttpServer extends Service {
  /** Where it listens; before `start()` what it was told. */
  port(): number
  /** Whether it is being stopped: answers then say that the connection closes after them. */
  isDraining(): boolean
}

/** Where the server listens and what answers. */
export interface HttpServerOptions {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  readonly listener: RequestListener
  /** Time for the requests in flight when it is stopped, in milliseconds; default 10,000. */
  readonly drainMs?: number | undefined
  /** Time for the whole of a request to arrive, in milliseconds; default 10,000. */
  readonly requestMs?: number | undefined
}

/**
 * An HTTP server that no slow or malformed client can hold: bounded times and header sizes, and a stop that
 * takes no new connection, finishes the requests in flight and cuts off what is left of them after `drainMs`.
 */
export function httpServer(options: HttpServerOptions): HttpServer {
  let server: Server | null = null
  let draining = false

  const lifecycle = service({
    name: 'http',
    start: async () => {
      draining = false
      const opened = createServer(limitsOf(options), options.listener)
      opened.on('clientError', refuseMalformed)
      // Node would answer 417 to an expectation that it does not know; a delivery is not refused for a header.
      opened.on('checkExpectation', options.listener)
      await listen(opened, options)
      server = opened
      log.info('listening', { host: options.host, port: portOf(opened) })
    },
    stop: async () => {
      draining = true
      if (server !== null) await drain(server, options.drainMs ?? 10_000)
      server = null
    },
  })
  return {
    ...lifecycle,
    port: () => (server === null ? options.port : portOf(server)),
    isDraining: () => draining,
  }
}

function limitsOf({ requestMs = 10_000 }: HttpServerOptions) {
  return {
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    // Node looks for requests that are too slow only this often; its default is half a minute.
    connectionsCheckingInterval: Math.min(1000, requestMs),
    // Longer than the 60 s for which nginx keeps a connection to us: the end that sends must be the one that closes.
    keepAliveTimeout: 75_000,
    maxHeaderSize: 16 * 1024,
  }
}

/** Node's parser gave up on what came in; no request has been seen, so no request id either. */
function refuseMalformed(error: Error, socket: Socket): void {
  const status = malformedStatus[codeOf(error) ?? ''] ?? 400
  if (socket.writable && codeOf(error) !== 'ECONNRESET') {
    socket.write(`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\n\r\n`)
  }
  log.debug('not an HTTP request', { status, reason: messageOf(error) })
  socket.destroySoon()
}

const malformedStatus: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
}

function listen(server: Server, { host, port }: HttpServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      reject(listenError(error, { host, port }))
    }
    server.once('error', refuse)
    server.listen(port, host, () => {
      server.off('error', refuse)
      // Without a listener a later fault of the server would end the process.
      server.on('error', (error) => {
        log.error('the server failed', { error })
      })
      resolve()
    })
  })
}

function listenError(error: Error, { host, port }: { host: string; port: number }): TdsError {
  const taken = codeOf(error) === 'EADDRINUSE'
  const place = `${host}:${String(port)}`
  return new TdsError(taken ? `${place} is in use` : `cannot listen on ${place}: ${messageOf(error)}`, {
    code: taken ? 'port_in_use' : 'listen_failed',
    disposition: 'reject',
    nextStep: taken
      ? 'Set API_PORT to another port, or stop what listens there.'
      : 'Correct API_HOST and API_PORT.',
    facts: { host, port },
    cause: error,
  })
}

async function drain(server: Server, drainMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
  // close() ends the connections that are idle now; those that become idle while it drains must go too.
  const idle = setInterval(() => {
    server.closeIdleConnections()
  }, 50)
  const patience = setTimeout(() => {
    log.warn('requests were cut off by the stop', { afterMs: drainMs })
    server.closeAllConnections()
  }, drainMs)
  await closed
  clearInterval(idle)
  clearTimeout(patience)
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
