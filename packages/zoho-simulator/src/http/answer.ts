import type { Json, JsonObject } from '../exact/json.ts'
import type { LimitName } from '../limits/limit-name.ts'

/** What goes back over HTTP. */
export interface Answer {
  status: number
  body: Json
  headers?: Record<string, string>
  /** Which limit refused the call, for the journal. */
  refusedBy?: LimitName
}

/** A success as the API wraps it. */
export function success(content: JsonObject): Answer {
  return { status: 200, body: { code: 0, message: 'success', ...content } }
}

/** No token, or one that cannot be one. */
export function tokenMissing(): Answer {
  return failure(401, 14, 'Invalid value passed for authtoken.')
}

/** A token that is dead, or whose scope does not reach so far: the two look the same. */
export function notAuthorized(status: 400 | 401 = 401): Answer {
  return failure(status, 57, 'You are not authorized to perform this operation')
}

/** A path that the API does not have. */
export function invalidUrl(): Answer {
  return failure(404, 5, 'Invalid URL Passed')
}

/** A parameter whose value cannot be. */
export function invalidValue(parameter: string): Answer {
  return failure(400, 2, `Invalid value passed for ${parameter}`)
}

/** A record that is not there, or no longer. */
export function notThere(noun: string, code: 1002 | 5): Answer {
  return code === 5
    ? failure(404, 5, 'We couldnt find any resource for the given ID.')
    : failure(404, 1002, `${noun} does not exist.`)
}

/** A method that the path does not have. */
export function methodNotAllowed(allowed: string): Answer {
  return failure(405, 37, `The HTTP method ${allowed} is the only one allowed here.`)
}

/** A record that this user may not see; the code is that of one that is not there. */
export function notAccessible(noun: string): Answer {
  return failure(404, 1002, `${noun} is not accessible.`)
}

/** Too many calls in a minute. */
export function tooManyInMinute(): Answer {
  return failure(
    429,
    44,
    'For security reasons your organization has been blocked as it have exceeded the maximum number of requests per minute that can originate from an organization.',
  )
}

/** The day's calls are used up; Zoho writes the number with a comma. */
export function tooManyToday(dailyCalls: number): Answer {
  const most = dailyCalls.toLocaleString('en')
  return failure(
    429,
    45,
    `The API call for this organization has exceeded the maximum call rate limit of ${most}.`,
  )
}

/** Too many calls at once. */
export function tooManyAtOnce(): Answer {
  return failure(
    429,
    1070,
    'You have reached the maximum number of in process requests allowed. Kindly try again after some time.',
  )
}

/** The short block, seen well below a hundred calls a minute; neither its status nor its words are known. */
export function shortBlock(): Answer {
  return failure(429, 43, 'You have made too many requests. Please try again after some time.')
}

/** Something went wrong inside. */
export function internalError(): Answer {
  return failure(500, 1000, 'Internal Error')
}

/** A failure as the API tells it. */
function failure(status: number, code: number, message: string): Answer {
  return { status, body: { code, message } }
}
