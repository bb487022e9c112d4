import { z } from 'zod'
import type { OperatorRequest } from '@tds/core'
import {
  deleteSetting,
  insertOperatorActions,
  lockSettings,
  transactOrRehearse,
  writeSetting,
  type Database,
  type Transaction,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { routingSetting } from './read-routing.ts'
import { defaultRouting, routingSchema, type Routing } from './routes.ts'

/** Who was told of what before a change, as it was stored, and who is after it. */
export interface RoutingChange {
  /** Null where nobody had set anything. */
  readonly before: unknown
  readonly after: Routing
}

/**
 * Sets who is told of what, from the next evaluation on.
 *
 * @throws TdsError `routing_refused`.
 */
export async function setRouting(
  db: Pick<Database, 'transaction'>,
  wanted: unknown,
  request: OperatorRequest,
): Promise<RoutingChange> {
  const after = checked(wanted)
  return transactOrRehearse(db, request, async (tx) => {
    const before = await lockRouting(tx)
    await writeSetting(tx, {
      key: routingSetting,
      value: after,
      by: request.actor,
      category: 'alert',
      description: 'Who is told of which alerts.',
    })
    await note(tx, { action: 'alert_routing.set', before, after }, request)
    return { before, after }
  })
}

/** Takes who is told of what back to what holds when nobody has set anything. */
export async function resetRouting(
  db: Pick<Database, 'transaction'>,
  request: OperatorRequest,
): Promise<RoutingChange> {
  return transactOrRehearse(db, request, async (tx) => {
    const before = await lockRouting(tx)
    await deleteSetting(tx, routingSetting)
    await note(tx, { action: 'alert_routing.reset', before, after: null }, request)
    return { before, after: defaultRouting }
  })
}

async function lockRouting(tx: Transaction): Promise<unknown> {
  const [row] = await lockSettings(tx, [routingSetting])
  return row === undefined ? null : (JSON.parse(row.config_value) as unknown)
}

async function note(
  tx: Transaction,
  o: { readonly action: string; readonly before: unknown; readonly after: Routing | null },
  { actor, reason, via }: OperatorRequest,
): Promise<void> {
  const { action, ...facts } = o
  await insertOperatorActions(tx, [
    { actor, reason, action, subject: routingSetting, facts: { ...facts, via } },
  ])
}

function checked(wanted: unknown): Routing {
  const read = routingSchema.safeParse(wanted)
  if (read.success) return read.data
  const problem = z.prettifyError(read.error)
  throw new TdsError(`The routing of alerts is refused: ${problem}`, {
    code: 'routing_refused',
    disposition: 'reject',
    nextStep: 'Begin with what tds alert-routing show --json has under routing.',
    facts: { problem },
  })
}
