import type { CallLane } from '@tds/core'
import { systemClock, TdsError, type Clock, type HttpClient } from '@tds/runtime'
import type { CallGate, CallOutcome, CallPass, CallRequest, DayQuota } from '../calls/gate.ts'
import { readAnswer, type ZohoAnswer } from './answer.ts'
import { faultOf, waitAfter } from './fault.ts'
import { permissionRests, type PermissionRests } from './permission-rests.ts'
import type { TokenSource } from './token.ts'

/** How the API is reached. */
export interface ZohoClientOptions {
  readonly apiUrl: string
  /** Bounds time and size of every call. */
  readonly http: HttpClient
  readonly tokens: TokenSource
  /** Decides when a call may go out. */
  readonly gate: CallGate
  readonly clock?: Clock
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

/**
 * Makes the client. A token that the API refuses is renewed once, and the call made again, which passes the gate anew.
 * A type of record that is refused to a fresh token rests: the same answer is given without a call, and one call after
 * five minutes finds out whether that still holds.
 */
export function zohoClient(options: ZohoClientOptions): ZohoClient {
  const rests = permissionRests(options.clock ?? systemClock)
  return {
    admit: async (request) => {
      const refusal = rests.refusalOf(request.purpose)
      if (refusal !== null) return withoutCall(() => refusal)
      // Before the gate, so that nobody holds a place in it while he waits for a token.
      const fault = await faultOfToken(options.tokens)
      if (fault !== null) return withoutCall(() => Promise.reject(fault))
      const pass = await options.gate.enter(request)
      let isOpen = true
      return {
        get: async (query) => {
          isOpen = false
          return getWithToken(options, rests, { request, pass, query })
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

/** The right to a call that need not be made: what would come of it is known. */
function withoutCall(answer: () => ZohoAnswer | Promise<never>): AdmittedGet {
  return { get: async () => answer(), release: async () => undefined }
}

/** What stands in the way of every call, or null. Told by the call itself, which whoever makes it is ready for. */
async function faultOfToken(tokens: TokenSource): Promise<TdsError | null> {
  try {
    await tokens.current()
    return null
  } catch (error) {
    if (error instanceof TdsError) return error
    throw error
  }
}

interface Call {
  readonly request: CallRequest
  readonly pass: CallPass
  readonly query: ZohoQuery
}

/** A call that waits for its second try must not queue behind a first load: its first one has been paid. */
const lanesSecondTry: CallLane = 'reread'
/** The token of another daemon, then a new one; whether that one is refused as well the last turn learns. */
const mostRenewals = 3

async function getWithToken(
  options: ZohoClientOptions,
  rests: PermissionRests,
  call: Call,
): Promise<ZohoAnswer> {
  const { purpose } = call.request
  let token = await tokenFor(options, call)
  let answer = await getOnce(options, call, token)
  // 57 means an expired token or a missing scope; only a second refusal tells which.
  for (let renewals = 0; faultOf(answer) === 'token' && renewals < mostRenewals; renewals += 1) {
    const renewed = await options.tokens.renewed(token, purpose)
    if (renewed === null) break
    token = renewed
    const request = { ...call.request, lane: lanesSecondTry }
    answer = await getOnce(options, { ...call, request, pass: await options.gate.enter(request) }, token)
  }
  const fault = faultOf(answer)
  if (fault === 'token') rests.refuse(purpose, answer)
  if (fault === null || fault === 'not-there') {
    rests.allow(purpose)
    await options.tokens.accepted(token, purpose)
  }
  return answer
}

async function tokenFor({ tokens }: ZohoClientOptions, { pass }: Call): Promise<string> {
  try {
    return await tokens.current()
  } catch (error) {
    await pass.release()
    throw error
  }
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
