import { textOf } from '../exact/fields.ts'
import { isJsonObject, readJson, type Json, type JsonObject } from '../exact/json.ts'
import type { SimulatorOptions } from '../options.ts'
import { createSimulator, type Simulator } from '../simulator.ts'
import { testNow } from './test-world.ts'

/** An answer with its body read exactly and as it came. */
interface ClientAnswer {
  status: number
  headers: Headers
  text: string
  body: JsonObject
}

/** A started simulator and a client that knows how to talk to it. */
export interface TestBench extends AsyncDisposable {
  simulator: Simulator
  url: string
  /** Asks for a new token; parameters replace the right ones. */
  token(parameters?: Record<string, string>, place?: 'query' | 'form'): Promise<ClientAnswer>
  /** Reads a path of the API with a live token and the right organisation, unless told otherwise. */
  get(
    path: string,
    parameters?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<ClientAnswer>
  /** Writes to a path of the API in the same way. */
  post(path: string, parameters?: Record<string, string>): Promise<ClientAnswer>
  /** Calls the control. */
  control(method: string, path: string, body?: unknown): Promise<ClientAnswer>
}

interface Asking {
  parameters: Record<string, string>
  headers: Record<string, string>
}

/** Starts a small simulator on a clock that only moves when told. */
export async function testBench(options: SimulatorOptions = {}): Promise<TestBench> {
  const simulator = createSimulator({ seed: 'test', size: 'small', clock: () => testNow, ...options })
  const { url } = await simulator.start()
  const { credentials, organizationId } = simulator.access
  const token: TestBench['token'] = (parameters = {}, place = 'form') => {
    const all = new URLSearchParams({
      grant_type: 'refresh_token',
      client_id: credentials.clientId,
      client_secret: credentials.clientSecret,
      refresh_token: credentials.refreshToken,
      ...parameters,
    })
    const address = `${url}/oauth/v2/token`
    return place === 'query'
      ? call(`${address}?${all.toString()}`, { method: 'POST' })
      : call(address, { method: 'POST', body: all })
  }
  const access = textOf((await token()).body, 'access_token')
  const api = (method: string, path: string, { parameters, headers }: Asking) => {
    const query = new URLSearchParams({ organization_id: organizationId, ...parameters })
    return call(`${url}${path}?${query.toString()}`, {
      method,
      headers: { Authorization: `Zoho-oauthtoken ${access}`, ...headers },
    })
  }
  return {
    simulator,
    url,
    token,
    get: (path, parameters = {}, headers = {}) => api('GET', path, { parameters, headers }),
    post: (path, parameters = {}) => api('POST', path, { parameters, headers: {} }),
    control: (method, path, body) =>
      call(`${url}/_control${path}`, {
        method,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      }),
    [Symbol.asyncDispose]: () => simulator.stop(),
  }
}

async function call(url: string, init: RequestInit): Promise<ClientAnswer> {
  const response = await fetch(url, init)
  const text = await response.text()
  const body = readable(text)
  return { status: response.status, headers: response.headers, text, body: isJsonObject(body) ? body : {} }
}

function readable(text: string): Json {
  try {
    return readJson(text)
  } catch {
    return null
  }
}
