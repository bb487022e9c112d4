import type { CallLane } from '@tds/core'
import { TdsError, type HttpClient } from '@tds/runtime'
import type { CallGate, CallOutcome, CallPass, CallRequest, DayQuota } from '../calls/gate.ts'
import { readAnswer, type ZohoAnswer } from './answer.ts'
import { faultOf, waitAfter } from './fault.ts'
import type { TokenSource } from './token.ts'

/** How the API is reached. */
export interface ZohoClientOptions {
  readonly apiUrl: string
  /** Bounds time and size of every call. */
  readonly http: HttpClient
  readonly tokens: TokenSource
  /** Decides when a call may go out. */
  readonly gate: CallGate
}

/** One GET: what hangs under the API's host, and its query without the organisation. */
export interface ZohoQuery {
  /** Root and path, each part encoded. */
  readonly path: string
  readonly query?: Readonly<Record<string, string>>
}

/** The right to make one call to the API. */
export interface AdmittedGet {
  /** Makes the call; an answer is returned whatever it says. Throws TdsError `transport` or those of the token. */
  get(query: ZohoQuery): Promise<ZohoAnswer>
  release(): Promise<void>
}

/** The one way to the API: every call passes the gate, carries the token, and is told to the gate when it has ended. */
export interface ZohoClient {
  admit(request: CallRequest): Promise<AdmittedGet>
}

/** Makes the client. A token that the API refuses is renewed once, and the call made again, which passes the gate anew. */
export function zohoClient(options: ZohoClientOptions): ZohoClient {
  return {
    admit: async (request) => {
      const pass = await options.gate.enter(request)
      let isOpen = true
      return {
        get: async (query) => {
          isOpen = false
          return getWithToken(options, { request, pass, query })
        },
        release: async () => {
          if (!isOpen) return
          isOpen = false
          await pass.release()
        },
      }
    },
  }
}

interface Call {
  readonly request: CallRequest
  readonly pass: CallPass
  readonly query: ZohoQuery
}

/** A call that waits for its second try must not queue behind a first load: its first one has been paid. */
const lanesSecondTry: CallLane = 'reread'

async function getWithToken(options: ZohoClientOptions, call: Call): Promise<ZohoAnswer> {
  const { pass, request } = call
  let token: string
  try {
    token = await options.tokens.current()
  } catch (error) {
    await pass.release()
    throw error
  }
  const answer = await getOnce(options, call, token)
  // 57 means an expired token or a missing scope; only a second refusal tells which.
  if (faultOf(answer) !== 'token') return answer
  const renewed = await options.tokens.renewed(token)
  const again = { ...request, lane: lanesSecondTry }
  return getOnce(options, { ...call, request: again, pass: await options.gate.enter(again) }, renewed)
}

async function getOnce(
  { apiUrl, http }: ZohoClientOptions,
  { request, pass, query }: Call,
  token: string,
): Promise<ZohoAnswer> {
  const search = new URLSearchParams({ ...query.query, organization_id: request.organizationId })
  let answer: ZohoAnswer
  try {
    const response = await http.request({
      method: 'GET',
      url: `${apiUrl.replace(/\/+$/, '')}${query.path}?${search.toString()}`,
      headers: { authorization: `Zoho-oauthtoken ${token}`, accept: 'application/json' },
      signal: request.signal,
    })
    answer = readAnswer(response)
  } catch (error) {
    if (error instanceof TdsError) await pass.finish({ kind: 'failed', error })
    else await pass.release()
    throw error
  }
  await pass.finish(outcomeOf(answer))
  return answer
}

function outcomeOf(answer: ZohoAnswer): CallOutcome {
  const fault = faultOf(answer)
  return {
    kind: 'answered',
    status: answer.status,
    code: answer.code,
    fault,
    quota: dayQuotaOf(answer.headers),
    retryAfterMs: fault === null ? null : (waitAfter(fault, answer) ?? null),
  }
}

/** The headers describe the day, although their names do not say so (docs/reference/zoho.md, limits). */
function dayQuotaOf(headers: Readonly<Record<string, string>>): DayQuota | null {
  const [limit, remaining, resetSeconds] = ['limit', 'remaining', 'reset'].map((name) =>
    wholeNumber(headers[`x-rate-limit-${name}`]),
  )
  return limit === undefined || remaining === undefined || resetSeconds === undefined
    ? null
    : { limit, remaining, resetSeconds }
}

function wholeNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
}
