import { setTimeout as wait } from 'node:timers/promises'
import type { Request, RequestHandler, Response } from 'express'
import { Decimal } from '../exact/decimal.ts'
import { isJsonObject, type Json } from '../exact/json.ts'
import type { FaultBook } from '../faults/fault-book.ts'
import type { Fault, FaultNumbers } from '../faults/fault.ts'
import { faults } from '../faults/faults.ts'
import type { Journal, JournalEntry } from '../journal/journal.ts'
import type { CallLimits } from '../limits/call-limits.ts'
import type { Meanwhile } from '../mutations/meanwhile.ts'
import type { Switches } from '../switches/switches.ts'
import type { World } from '../world/world.ts'
import type { Answer } from './answer.ts'
import { tokenOf } from './gates.ts'
import { replyOf, sendReply, type Reply } from './reply.ts'
import type { Tokens } from './tokens.ts'

/** What every call passes, whatever it asks for: the journal, the faults, what happens meanwhile. */
export interface ServeParts {
  world: World
  switches: Readonly<Switches>
  tokens: Tokens
  limits: CallLimits
  faults: FaultBook
  meanwhile: Meanwhile
  journal: Journal
}

/** One call on its way to an answer. */
export interface ServedCall {
  kind: JournalEntry['kind']
  /** With its root, without its query. */
  path: string
  query: URLSearchParams
  organization: string | null
  isList: boolean
  /** Makes the answer; `ask` is what a fault makes of the request. */
  answer: (ask: Fault['ask']) => Answer
}

/** Serves calls: enters them in the journal, answers them or lets a fault do it, and sends what came of it. */
export function serving(parts: ServeParts, callOf: (request: Request) => ServedCall): RequestHandler {
  return async (request, response) => {
    const call = callOf(request)
    const leave = call.kind === 'api' ? parts.limits.enter() : () => undefined
    response.once('close', leave)
    const token = tokenOf(request.headers)
    const end = begin(parts, { request, call, token })
    const met = parts.faults.meet({ method: request.method, path: call.path, isList: call.isList })
    const fault = met === null ? undefined : faults[met.name]
    const numbers = met?.numbers ?? {}
    const reached = replyTo(parts, call, { fault, numbers, token })
    const facts = { fault: met?.name ?? null, inMinute: parts.limits.inMinute(), ...factsOf(parts, reached) }
    response.once('close', () => end({ ...facts, status: null, code: null }))
    await pause(response, parts.switches.latencyMs)
    // Before the last byte: whoever calls again on reading it is one call, not two.
    const done = () => {
      end(facts)
      leave()
    }
    const finish = (reply: Reply) => {
      done()
      if (!response.destroyed) sendReply(response, reply)
    }
    if (fault?.send === undefined) finish(reached.reply)
    else {
      const { reply } = reached
      await fault.send({ response, reply, numbers, finish, done, wait: (ms) => pause(response, ms) })
    }
  }
}

interface Begun {
  request: Request
  call: ServedCall
  token: string | null
}

function begin(parts: ServeParts, { request, call, token }: Begun): ReturnType<Journal['begin']> {
  const { world, tokens, limits, journal } = parts
  return journal.begin({
    kind: call.kind,
    at: world.zone.time(world.clock.nowMs()),
    method: request.method,
    path: call.path,
    query: call.kind === 'api' ? call.query.toString() : '',
    organization: call.organization,
    token: token === null ? null : tokens.numberOf(token),
    inFlight: limits.inFlight(),
  })
}

interface Meeting {
  fault: Fault | undefined
  numbers: FaultNumbers
  token: string | null
}

interface Reached {
  reply: Reply
  answer: Answer | null
}

function replyTo(parts: ServeParts, call: ServedCall, { fault, numbers, token }: Meeting): Reached {
  if (fault?.answer !== undefined) {
    return { reply: fault.answer(numbers, { tokens: parts.tokens, token }), answer: null }
  }
  const happenMeanwhile = parts.meanwhile.callCame(call.path)
  const answered = call.answer(fault?.ask)
  happenMeanwhile()
  const answer = fault?.bend === undefined ? answered : fault.bend(answered)
  return { reply: replyOf(answer), answer }
}

/** What the journal tells of an answer; a fault's own answer is read as any other. */
function factsOf({ tokens }: ServeParts, { reply, answer }: Reached) {
  const body = answer?.body ?? readable(reply.body)
  const given = isJsonObject(body) ? body : {}
  const { access_token: issued } = given
  return {
    status: reply.status,
    code: codeOf(given['code'] ?? given['error']),
    refusedBy: answer?.refusedBy ?? null,
    ...(typeof issued === 'string' ? { token: tokens.numberOf(issued) } : {}),
  }
}

function codeOf(code: Json | undefined): number | string | null {
  if (code instanceof Decimal) return Number(code.source)
  return typeof code === 'number' || typeof code === 'string' ? code : null
}

function readable(body: string): Json {
  try {
    return JSON.parse(body) as Json
  } catch {
    return null
  }
}

/** Waits so long, or until the caller has gone. */
async function pause(response: Response, ms: number): Promise<void> {
  if (ms === 0 || response.destroyed) return
  const gone = new AbortController()
  const leave = () => gone.abort()
  response.once('close', leave)
  await wait(ms, undefined, { signal: gone.signal }).catch(() => undefined)
  response.off('close', leave)
}
