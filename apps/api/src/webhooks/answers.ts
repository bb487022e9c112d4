import { z } from 'zod'
import { problem, problemContentType, type ProblemKind } from '../http/problem.ts'
import { apiHeaders } from '../http/security-headers.ts'
import type { TakenAnswer } from './take-delivery.ts'

const eventId = z.uuid().describe('The event that stands for this delivery.')

/** New and usable: stored, and a job will process it. */
export const acceptedSchema = z
  .object({ eventId, status: z.literal('accepted') })
  .meta({ id: 'Accepted', description: 'Stored, together with the job that will process it.' })

/** Authentic but not usable: stored for a person to look at. */
export const quarantinedSchema = z
  .object({
    eventId,
    status: z.literal('quarantined'),
    reason: z
      .string()
      .describe('Why it cannot be used; stable.')
      .meta({ examples: ['no_id'] }),
    detail: z.string().describe('The same for people, with what to do.'),
  })
  .meta({
    id: 'Quarantined',
    description: 'Stored with its exact bytes, but it cannot be used as it is; somebody will look at it.',
  })

/** Not in Postgres yet, but safe. */
export const spooledSchema = z.object({ eventId, status: z.literal('spooled') }).meta({
  id: 'Spooled',
  description: 'Kept on local disk while Postgres is away; it comes into the inbox under this id.',
})

/** Seen before. */
export const duplicateSchema = z
  .object({
    eventId: z.uuid().describe('The first delivery of the same thing.'),
    status: z.literal('duplicate'),
  })
  .meta({ id: 'Duplicate', description: 'Delivered before; counted, and nothing else is done.' })

/** An answer ready to be sent. */
export interface WebhookAnswer {
  readonly status: number
  /** Name and value in turn. */
  readonly headers: readonly string[]
  readonly body: string
}

/** The answer to a delivery that is stored, or spooled. */
export function storedAnswer(answer: TakenAnswer, requestId: string): WebhookAnswer {
  const { eventId: id, outcome: status } = answer
  return {
    status: status === 'duplicate' ? 200 : 202,
    headers: [...jsonHeaders, requestId],
    // Written by hand: this is the path that every delivery takes, and an id needs no escaping.
    body:
      status === 'quarantined'
        ? JSON.stringify({ eventId: id, status, reason: answer.reason, detail: answer.detail })
        : `{"eventId":"${id}","status":"${status}"}`,
  }
}

/** An answer that nothing of the delivery was kept, with what its kind of problem prescribes. */
export function problemAnswer(
  kind: ProblemKind,
  { requestId, detail, headers = [] }: { requestId: string; detail?: string; headers?: readonly string[] },
): WebhookAnswer {
  const document = problem(kind, detail === undefined ? { requestId } : { requestId, detail })
  return {
    status: document.status,
    headers: [...problemHeaders, requestId, ...headers],
    body: JSON.stringify(document),
  }
}

const jsonHeaders = [...apiHeaders, 'Content-Type', 'application/json; charset=utf-8', 'X-Request-Id']
const problemHeaders = [...apiHeaders, 'Content-Type', problemContentType, 'X-Request-Id']
