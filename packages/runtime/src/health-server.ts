import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { codeOf, messageOf, TdsError } from './errors.ts'
import { healthEndpoints, type Health, type HealthAnswer } from './health.ts'
import { withLogContext } from './log-context.ts'
import { childLogger } from './logger.ts'
import { problemBody, problemContentType } from './problem.ts'
import { service, type Service } from './service.ts'

const log = childLogger('runtime:health-server')

/** Where a daemon's health is served. */
export interface HealthServerOptions {
  name: string
  host: string
  /** 0 lets the system choose; `port()` says which it took. */
  port: number
  health: Health
  /** The variable that sets the port, for the message when it is taken. */
  portVariable?: string | undefined
  /** How long a client may take over its headers, default 5 s. */
  headersTimeoutMs?: number | undefined
}

/** A health server, and the port it listens on. */
export interface HealthServer extends Service {
  readonly port: () => number
}

/**
 * Serves health and metrics of a daemon that has no server of its own: GET and HEAD only, with time-outs.
 *
 * `start()` throws a TdsError `port_in_use` (or `listen_failed`) that names the variable to change.
 */
export function healthServer(options: HealthServerOptions): HealthServer {
  const answer = healthEndpoints(options.health)
  let server: Server | null = null

  const lifecycle = service({
    name: options.name,
    start: async () => {
      const opened = createServer(timeoutsOf(options), (request, response) => {
        void respond(request, { response, answer })
      })
      await listen(opened, options)
      server = opened
      log.info('serving health', { host: options.host, port: portOf(opened) })
    },
    stop: async () => {
      if (server !== null) await close(server)
      server = null
    },
  })

  return { ...lifecycle, port: () => (server === null ? options.port : portOf(server)) }
}

// Short: the answers are small, and whoever asks is near.
function timeoutsOf({ headersTimeoutMs = 5000 }: HealthServerOptions) {
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: 2 * headersTimeoutMs,
    keepAliveTimeout: 5000,
    // How often the first two are looked at; Node's own 30 s would make them longer than they say.
    connectionsCheckingInterval: headersTimeoutMs / 5,
    maxHeaderSize: 8192,
  }
}

type Answer = ReturnType<typeof healthEndpoints>

async function respond(
  request: IncomingMessage,
  { response, answer }: { response: ServerResponse; answer: Answer },
): Promise<void> {
  const requestId = randomUUID()
  const { status, contentType, body } = await withLogContext({ requestId }, () =>
    answerOrProblem(request, { answer, requestId }),
  )
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
    ...(status === 405 ? { allow: 'GET, HEAD' } : {}),
    // A request whose body nobody reads cannot be followed by another on the same connection.
    ...(status === 405 ? { connection: 'close' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

async function answerOrProblem(
  request: IncomingMessage,
  { answer, requestId }: { answer: Answer; requestId: string },
): Promise<HealthAnswer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return problem({ status: 405, title: 'Method Not Allowed', detail: 'Use GET or HEAD.', requestId })
  }
  try {
    const path = (request.url ?? '/').replace(/[?#].*$/s, '')
    const found = await answer(path, request.headers)
    return (
      found ??
      problem({
        status: 404,
        title: 'Not Found',
        detail: 'Here are /health, /health/live, /health/ready and /metrics.',
        requestId,
      })
    )
  } catch (error) {
    log.error('a health request failed', { error })
    return problem({ status: 500, title: 'Internal Server Error', detail: 'See the log.', requestId })
  }
}

function problem(about: { status: number; title: string; detail: string; requestId: string }): HealthAnswer {
  return { status: about.status, contentType: problemContentType, body: problemBody(about) }
}

function listen(server: Server, options: HealthServerOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error): void => {
      reject(listenError(error, options))
    }
    server.once('error', refuse)
    server.listen(options.port, options.host, () => {
      server.off('error', refuse)
      // Without a listener a later fault of the server would end the process.
      server.on('error', (error) => {
        log.error('the health server failed', { error })
      })
      resolve()
    })
  })
}

function listenError(error: Error, { name, host, port, portVariable }: HealthServerOptions): TdsError {
  const place = `${host}:${String(port)}`
  const change = portVariable === undefined ? 'Choose another port' : `Set ${portVariable} to another port`
  const taken = codeOf(error) === 'EADDRINUSE'
  return new TdsError(
    taken ? `${name}: ${place} is in use` : `${name} cannot listen on ${place}: ${messageOf(error)}`,
    {
      code: taken ? 'port_in_use' : 'listen_failed',
      disposition: 'reject',
      nextStep: taken ? `${change}, or stop what listens there.` : `${change}, or correct the host.`,
      facts: { host, port, variable: portVariable },
      cause: error,
    },
  )
}

async function close(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
    // Answers take two seconds at most (a slow check); who keeps a connection longer is cut off.
    const patience = setTimeout(() => {
      server.closeAllConnections()
    }, 3000)
    server.on('close', () => {
      clearTimeout(patience)
    })
  })
}

function portOf(server: Server): number {
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : 0
}
