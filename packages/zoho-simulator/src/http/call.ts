import type { IncomingHttpHeaders } from 'node:http'
import type { DetailLag } from '../drift/detail-lag.ts'
import type { PageShifts } from '../drift/page-shifts.ts'
import type { CallLimits } from '../limits/call-limits.ts'
import type { Settings } from '../options.ts'
import type { Switches } from '../switches/switches.ts'
import type { WebhookLedger } from '../webhooks/ledger.ts'
import type { Root } from '../world/record-kind.ts'
import type { World } from '../world/world.ts'
import type { Answer } from './answer.ts'
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
  switches: Readonly<Switches>
  tokens: Tokens
  limits: CallLimits
  lag: DetailLag
  shifts: PageShifts
  ledger: WebhookLedger
}

/** Where a path leads. */
export interface Route {
  method: 'GET' | 'POST'
  /** The scope that it needs under each product, without the product; null where Zoho documents none. */
  scopes: Readonly<Record<Root, string | null>>
  needsOrganization: boolean
  /** Whether the call counts against the limits, and its answer tells of them. */
  counted: boolean
  answer(request: ApiRequest, parts: ApiParts): Answer
}
