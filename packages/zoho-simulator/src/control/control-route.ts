import type { Json } from '../exact/json.ts'
import type { Control } from './control.ts'
import type { PlanShelf } from './plan-shelf.ts'

/** One thing that the control can be asked over HTTP. */
export interface ControlRoute {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Behind `/_control`, with `:name` for what varies. */
  readonly path: string
  readonly tells: string
  /** Throws InvalidInputError for what cannot be done. */
  readonly handle: (call: ControlCall) => ControlReply | Promise<ControlReply>
}

/** What a route works with. */
export interface ControlCall {
  control: Control
  plans: PlanShelf
  /** What stands in the path under a name; empty where nothing does. */
  parameter: (name: string) => string
  query: URLSearchParams
  accepts: string
  /** Reads the body; throws InvalidInputError if it is not JSON. */
  body: () => Json
}

/** JSON, or lines of it. */
export type ControlReply = { status?: number; body: Json } | { lines: Iterable<string> }
