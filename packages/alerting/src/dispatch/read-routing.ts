import { z } from 'zod'
import { readSettings, type Queryable } from '@tds/db'
import { childLogger } from '@tds/runtime'
import { defaultRouting, routingSchema, type Routing } from './routes.ts'

const log = childLogger('alerting:routing')

/** The setting that says who is told of what. */
export const routingSetting = 'alert_routing'

/** Who is told of what at this moment, as far as the setting says. */
export interface RoutingInForce {
  /** Null where the setting is refused: an alerter goes on by the one before it, or by the default after a restart. */
  readonly routing: Routing | null
  /** Whether nobody has set anything. */
  readonly isDefault: boolean
  /** Why the setting is refused; null where it is not. */
  readonly problem: string | null
}

/** Reads who is told of what. */
export async function readRouting(db: Queryable): Promise<RoutingInForce> {
  const row = (await readSettings(db)).find(({ config_key: key }) => key === routingSetting)
  if (row === undefined) return { routing: defaultRouting, isDefault: true, problem: null }
  const read = routingSchema.safeParse(JSON.parse(row.config_value))
  return read.success
    ? { routing: read.data, isDefault: false, problem: null }
    : { routing: null, isDefault: false, problem: z.prettifyError(read.error) }
}

/** Reads who is told of what, again and again; a setting that is refused is told once, and the one before it stays. */
export function routingReader(db: Queryable): () => Promise<Routing> {
  let held = defaultRouting
  let refused: string | null = null
  return async () => {
    const { routing, problem } = await readRouting(db)
    if (routing !== null) held = routing
    if (problem !== null && problem !== refused)
      log.warn('the routing of alerts was refused; the one before it stays', {
        setting: routingSetting,
        problem,
      })
    refused = problem
    return held
  }
}
