import type { Response } from 'express'
import { writeJson } from '../exact/json.ts'
import type { Answer } from './answer.ts'

/** An answer as it goes over the wire. */
export interface Reply {
  status: number
  headers: Record<string, string>
  body: string
}

/** Writes an answer out with Zoho's content type, every number in its own digits. */
export function replyOf({ status, body, headers = {} }: Answer): Reply {
  return {
    status,
    headers: { 'Content-Type': 'application/json;charset=UTF-8', ...headers },
    body: writeJson(body),
  }
}

/** Sends a reply as it is. */
export function sendReply(response: Response, { status, headers, body }: Reply): void {
  response.writeHead(status, { ...headers, 'Content-Length': Buffer.byteLength(body) })
  response.end(body)
}
