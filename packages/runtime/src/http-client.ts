import { lookup } from 'node:dns'
import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import axios, { AxiosError, type AxiosResponse } from 'axios'
import { codeOf, messageOf, TdsError } from './errors.ts'
import { counter, histogram } from './metrics.ts'
import { TDS_VERSION } from './version.ts'

/** One request, complete: nothing is added to its body, nothing is followed. */
export interface HttpRequest {
  method: string
  url: string
  headers?: Readonly<Record<string, string>> | undefined
  body?: string | Buffer | undefined
  signal?: AbortSignal | undefined
}

/** What came back, whatever its status. */
export interface HttpResponse {
  status: number
  /** Names in lower case; several values of one name are joined with a comma. */
  headers: Record<string, string>
  body: Buffer
}

/** The only way out over HTTP. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>
}

/** What bounds a client. */
export interface HttpClientOptions {
  /** For metrics and errors: `zoho`, `slack`, … */
  name: string
  /** For the whole exchange, from connecting to the last byte of the body. */
  timeoutMs: number
  /** Largest body accepted, after decompression. */
  maxBytes: number
  /** Whether a connection to this IP address may be opened; asked for every address at the moment of connecting. Default: any. */
  mayConnectTo?: ((address: string) => boolean) | undefined
}

const requests = counter({
  name: 'tds_http_client_requests_total',
  help: 'Outgoing requests by client and outcome (status class, or the transport fault).',
  labelNames: ['client', 'outcome'],
})
const seconds = histogram({
  name: 'tds_http_client_request_seconds',
  help: 'Duration of outgoing requests.',
  labelNames: ['client'],
})

/**
 * A client that keeps connections open and judges nothing: every status resolves, redirects are not followed
 * (they could lead a token elsewhere), proxies of the environment are ignored.
 *
 * `request()` throws a TdsError: `transport` (retry; the fact `reason` says timeout, aborted, refused, dns, tls or
 * connection), `response_too_large` (dead-letter), `address_refused` or `invalid_url` (reject). Query and headers never stand in it.
 */
export function httpClient(options: HttpClientOptions): HttpClient {
  const { mayConnectTo } = options
  const connecting =
    mayConnectTo === undefined ? { keepAlive: true } : { keepAlive: true, lookup: lookupOf(mayConnectTo) }
  const agents = { httpAgent: new HttpAgent(connecting), httpsAgent: new HttpsAgent(connecting) }
  return {
    request: async (request) => {
      const url = checkedUrl(request.url)
      // A literal address is never looked up.
      const literal = url.hostname.replace(/^\[|\]$/g, '')
      if (isIP(literal) !== 0 && mayConnectTo?.(literal) === false) throw addressRefused(options.name)
      const deadline = AbortSignal.timeout(options.timeoutMs)
      const stopTimer = seconds.startTimer({ client: options.name })
      try {
        const response = await send(request, { options, agents, deadline })
        requests.inc({ client: options.name, outcome: `${String(Math.trunc(response.status / 100))}xx` })
        return response
      } catch (error) {
        const fault = faultOf(error, { request, url, options, deadline })
        requests.inc({
          client: options.name,
          outcome: fault.code === 'transport' ? String(fault.facts['reason']) : fault.code,
        })
        throw fault
      } finally {
        stopTimer()
      }
    },
  }
}

/** What the name stands for is judged where the connection is made: asked before, it could have changed by then. */
function lookupOf(mayConnectTo: (address: string) => boolean): LookupFunction {
  return (hostname, options, done) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      const [first] = error === null ? addresses : []
      if (error !== null) done(error, '', 0)
      else if (first === undefined || !addresses.every(({ address }) => mayConnectTo(address)))
        done(Object.assign(new Error('address refused'), { code: refusedAddress }), '', 0)
      else if (options.all === true) done(null, addresses)
      else done(null, first.address, first.family)
    })
  }
}

const refusedAddress = 'TDS_ADDRESS_REFUSED'

function addressRefused(client: string): TdsError {
  return new TdsError('the address is one that this client does not connect to', {
    code: 'address_refused',
    disposition: 'reject',
    nextStep: 'Give an address that is reachable over the public internet.',
    facts: { client },
  })
}

interface Sending {
  options: HttpClientOptions
  agents: { httpAgent: HttpAgent; httpsAgent: HttpsAgent }
  deadline: AbortSignal
}

async function send(request: HttpRequest, { options, agents, deadline }: Sending): Promise<HttpResponse> {
  const response: AxiosResponse<Buffer> = await axios.request<Buffer>({
    ...agents,
    method: request.method,
    url: request.url,
    headers: headersOf(request),
    data: request.body,
    signal: request.signal === undefined ? deadline : AbortSignal.any([request.signal, deadline]),
    adapter: 'http',
    responseType: 'arraybuffer',
    transformRequest: [(data: unknown) => data],
    transformResponse: [(data: unknown) => data],
    validateStatus: () => true,
    maxRedirects: 0,
    maxContentLength: options.maxBytes,
    maxBodyLength: Infinity,
    proxy: false,
  })
  return { status: response.status, headers: plainHeaders(response), body: response.data }
}

function checkedUrl(text: string): URL {
  const url = URL.parse(text)
  if (url !== null && (url.protocol === 'https:' || url.protocol === 'http:')) return url
  throw new TdsError('the address of the request is not an http or https address', {
    code: 'invalid_url',
    disposition: 'reject',
    nextStep: 'Correct the address in the configuration.',
  })
}

function headersOf({ headers = {}, body }: HttpRequest): Record<string, string | false> {
  const names = new Set(Object.keys(headers).map((name) => name.toLowerCase()))
  return {
    accept: '*/*',
    'user-agent': `tds-core/${TDS_VERSION}`,
    // Axios would otherwise claim that a body is a form.
    ...(names.has('content-type') || body === undefined
      ? {}
      : { 'content-type': 'application/octet-stream' }),
    ...headers,
  }
}

function plainHeaders(response: AxiosResponse): Record<string, string> {
  const plain: Record<string, string> = {}
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined && value !== null)
      plain[name.toLowerCase()] = Array.isArray(value) ? value.join(', ') : String(value)
  }
  return plain
}

interface Exchange {
  request: HttpRequest
  url: URL
  options: HttpClientOptions
  deadline: AbortSignal
}

function faultOf(error: unknown, exchange: Exchange): TdsError {
  const { request, url, options } = exchange
  const place = `${request.method} ${url.origin}${url.pathname}`
  const code = systemCodeOf(error)
  if (code === refusedAddress) return addressRefused(options.name)
  // The path may be an id but never holds a secret; the query may.
  const facts = {
    client: options.name,
    method: request.method,
    origin: url.origin,
    path: url.pathname,
    systemCode: code,
  }
  if (isTooLarge(error)) {
    return new TdsError(`${place}: the answer is larger than ${String(options.maxBytes)} bytes`, {
      code: 'response_too_large',
      disposition: 'dead-letter',
      nextStep:
        'Look at what answers there; if such answers are to be expected, raise the limit of this client.',
      facts,
    })
  }
  const reason = reasonOf(code, exchange)
  return new TdsError(`${place}: ${wordsFor[reason]}${code === undefined ? '' : ` (${code})`}`, {
    code: 'transport',
    disposition: 'retry',
    nextStep: 'It is tried again by itself; if it stays, check network, name resolution and certificates.',
    facts: { ...facts, reason, timeoutMs: options.timeoutMs },
    // Never the error of axios itself: the whole request hangs on it, with its Authorization header.
    cause: new Error(messageOf(error)),
  })
}

type Reason = 'timeout' | 'aborted' | 'refused' | 'dns' | 'tls' | 'connection'

const wordsFor: Readonly<Record<Reason, string>> = {
  timeout: 'no complete answer in time',
  aborted: 'interrupted',
  refused: 'the connection was refused',
  dns: 'the name could not be resolved',
  tls: 'the certificate or the encryption was refused',
  connection: 'the connection failed',
}

function reasonOf(code: string | undefined, { request, deadline }: Exchange): Reason {
  if (request.signal?.aborted === true) return 'aborted'
  if (deadline.aborted || code === 'ETIMEDOUT' || code === 'ECONNABORTED') return 'timeout'
  if (code === 'ECONNREFUSED') return 'refused'
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'dns'
  if (code !== undefined && /CERT|TLS|SSL|SIGNED|ISSUER/.test(code)) return 'tls'
  return 'connection'
}

function isTooLarge(error: unknown): boolean {
  return error instanceof AxiosError && error.message.startsWith('maxContentLength size')
}

function systemCodeOf(error: unknown): string | undefined {
  const code = codeOf(error)
  if (code === 'ERR_CANCELED') return undefined
  // Axios' own words say less than what it wraps.
  return error instanceof AxiosError ? (codeOf(error.cause) ?? code) : code
}
