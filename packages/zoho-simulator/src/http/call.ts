import type { IncomingHttpHeaders } from 'node:http'
import type { Settings } from '../options.ts'
import type { RecordKind, Root } from '../world/record-kind.ts'
import type { World } from '../world/world.ts'
import type { Answer } from './answer.ts'
import type { CallCounter } from './call-counter.ts'
import type { Tokens } from './tokens.ts'

/** One call of the API, as far as answering it needs. */
export interface ApiRequest {
  root: Root
  method: string
  /** The path behind the root. */
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
}

/** What the API works with. */
export interface ApiParts {
  world: World
  settings: Settings
  tokens: Tokens
  calls: CallCounter
}

/** Where a path leads. */
export interface Route {
  /** The kind of record that it reads; null for the organisations. */
  kind: RecordKind | null
  needsOrganization: boolean
  counted: boolean
  answer(request: ApiRequest, parts: ApiParts): Answer
}
