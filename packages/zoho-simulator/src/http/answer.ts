import type { Json, JsonObject } from '../exact/json.ts'

/** What goes back over HTTP. */
export interface Answer {
  status: number
  body: Json
  headers?: Record<string, string>
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
export function methodNotAllowed(): Answer {
  return failure(405, 37, 'The HTTP method GET is the only one allowed here.')
}

/** A failure as the API tells it. */
function failure(status: number, code: number, message: string): Answer {
  return { status, body: { code, message } }
}
