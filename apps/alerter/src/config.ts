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
      .describe(
        'Address under which Zoho and people reach the api, for the links in alerts; default of the api: http://API_HOST:API_PORT.',
      ),
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
