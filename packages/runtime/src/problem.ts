/** The media type of RFC 9457. */
export const problemContentType = 'application/problem+json'

/** What went wrong with a request, for its sender. */
export interface Problem {
  status: number
  title: string
  detail: string
  requestId?: string | undefined
}

/** Writes a problem document of RFC 9457. */
export function problemBody({ status, title, detail, requestId }: Problem): string {
  return JSON.stringify({ type: 'about:blank', title, status, detail, requestId })
}
