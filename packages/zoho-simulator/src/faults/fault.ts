import type { Response } from 'express'
import type { Answer } from '../http/answer.ts'
import type { ApiRequest } from '../http/call.ts'
import type { Reply } from '../http/reply.ts'
import type { Tokens } from '../http/tokens.ts'

/** Numbers that a fault may be told; each fault says which of them it knows, and what they are unless told. */
export interface FaultParameters {
  status: number
  code: number
  /** Milliseconds. */
  ms: number
  bytes: number
  retryAfterSeconds: number
}

/** The names of those numbers. */
export const faultParameters = ['status', 'code', 'ms', 'bytes', 'retryAfterSeconds'] as const

/** What a fault's own numbers are in one case. */
export type FaultNumbers = Readonly<Partial<FaultParameters>>

/** One way in which a call can go wrong, at one of four places. */
export interface Fault {
  readonly tells: string
  /** The parameters that it knows, with their defaults; undefined has none until told. */
  readonly parameters?: { readonly [Name in keyof FaultParameters]?: number | undefined }
  /** Answers in Zoho's place, before anybody looks at the call: it counts against no limit. */
  readonly answer?: (numbers: FaultNumbers, call: FaultedCall) => Reply
  /** Changes what is asked, of the API alone. */
  readonly ask?: (request: ApiRequest) => ApiRequest
  /** Changes what the API answered, of lists alone. */
  readonly bend?: (answer: Answer) => Answer
  /** Sends the reply in its own way. */
  readonly send?: (delivery: FaultedDelivery) => void | Promise<void>
}

/** A call that a fault answers. */
export interface FaultedCall {
  tokens: Tokens
  /** The access token that it carries. */
  token: string | null
}

/** A reply that a fault sends. */
export interface FaultedDelivery {
  reply: Reply
  response: Response
  numbers: FaultNumbers
  /** Waits, or gives up early when the caller has gone. */
  wait: (ms: number) => Promise<void>
  /** Sends a whole reply: the call is answered. */
  finish: (reply: Reply) => void
  /** Says just before the last byte that the call is answered; without it the call counts as one without answer. */
  done: () => void
}
