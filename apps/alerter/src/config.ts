import type { z } from 'zod'
import { baseConfigSchema, port } from '@tds/runtime'

/** Every variable that the alerter reads. */
export const alerterConfigSchema = baseConfigSchema.extend({
  ALERTER_HEALTH_PORT: port(8003).describe(
    'Port on loopback where the alerter serves its health and metrics.',
  ),
})

/** The alerter's configuration, checked. */
export type AlerterConfig = z.output<typeof alerterConfigSchema>
