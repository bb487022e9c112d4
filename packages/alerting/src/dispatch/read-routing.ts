import { z } from 'zod'
import { readSettings, type Queryable } from '@tds/db'
import { childLogger } from '@tds/runtime'
import { defaultRouting, routingSchema, type Routing } from './routes.ts'

const log = childLogger('alerting:routing')

/** The setting that says who is told of what. */
const routingSetting = 'alert_routing'

/** Reads who is told of what, again and again; a setting that is refused is told once, and the one before it stays. */
export function routingReader(db: Queryable): () => Promise<Routing> {
  let held = defaultRouting
  let refused: string | null = null
  return async () => {
    const row = (await readSettings(db)).find(({ config_key: key }) => key === routingSetting)
    if (row === undefined) {
      held = defaultRouting
      return held
    }
    const read = routingSchema.safeParse(JSON.parse(row.config_value))
    if (read.success) held = read.data
    else if (refused !== row.config_value)
      log.warn('the routing of alerts was refused; the one before it stays', {
        setting: routingSetting,
        problem: z.prettifyError(read.error),
      })
    refused = read.success ? null : row.config_value
    return held
  }
}
