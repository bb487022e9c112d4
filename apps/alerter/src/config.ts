import { z } from 'zod'
import { completeReceivers, receiverConfigFields } from '@tds/alerting'
import { baseConfigSchema, port, urlOf } from '@tds/runtime'

/** Every variable that the alerter reads. */
export const alerterConfigSchema = z
  .object({
    ...baseConfigSchema.shape,
    ...receiverConfigFields,
    PUBLIC_URL: urlOf('https', 'http')
      .optional()
      .describe('Address at which people reach the pages; in every message.'),
    DEADMAN_URL: urlOf('https', 'http')
      .meta({ secret: true })
      .optional()
      .describe('Pinged every minute while alerting works; a service outside tells people when it is not.'),
    ALERTER_HEALTH_PORT: port(8003).describe(
      'Port on loopback where the alerter serves its health and metrics.',
    ),
  })
  .check(completeReceivers())

/** The alerter's configuration, checked. */
export type AlerterConfig = z.output<typeof alerterConfigSchema>
