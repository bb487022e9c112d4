import { z } from 'zod'

/** The media type of every error (RFC 9457). */
export const problemContentType = 'application/problem+json'

/** Every error answer. `type` is stable and made for programs; the rest is for people. */
export const problemSchema = z
  .object({
    type: z
      .string()
      .describe('Which kind of problem; stable.')
      .meta({ examples: ['urn:tds:problem:not_found'] }),
    title: z.string().describe('The kind of problem in words.'),
    status: z.int().describe('The status code again, for answers that travel without it.'),
    detail: z.string().optional().describe('What is wrong with this request.'),
    requestId: z.string().describe('Names this request in the log; the same as in X-Request-Id.'),
    errors: z
      .array(z.object({ path: z.string(), message: z.string() }))
      .optional()
      .describe('Each value that was not accepted.'),
  })
  .meta({ id: 'Problem' })

/** An error answer. */
export type Problem = z.output<typeof problemSchema>

/** The kinds of problem, with what does not vary from one request to the next. */
const kinds = {
  bad_request: { status: 400, title: 'Bad request' },
  not_authentic: { status: 401, title: 'Not authentic' },
  forbidden: { status: 403, title: 'Forbidden' },
  not_found: { status: 404, title: 'Not found' },
  method_not_allowed: { status: 405, title: 'Method not allowed' },
  body_too_large: { status: 413, title: 'Body too large' },
  internal: { status: 500, title: 'Internal error' },
  unavailable: { status: 503, title: 'Unavailable' },
} as const

/** Which kind of problem an answer tells of. */
export type ProblemKind = keyof typeof kinds

/** Writes a problem; without a detail where none is to be told. */
export function problem(
  kind: ProblemKind,
  { requestId, detail }: { requestId: string; detail?: string },
): Problem {
  const { status, title } = kinds[kind]
  return {
    type: `urn:tds:problem:${kind}`,
    title,
    status,
    ...(detail === undefined ? {} : { detail }),
    requestId,
  }
}
