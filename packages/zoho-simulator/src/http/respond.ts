import type { Response } from 'express'
import { writeJson } from '../exact/json.ts'
import type { Answer } from './answer.ts'

/** Writes an answer with Zoho's content type, every number in its own digits. */
export function respond(response: Response, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json;charset=UTF-8', ...headers })
  response.end(writeJson(body))
}
