import { z } from 'zod'
import { completeReceivers, receiverConfigFields } from '@tds/alerting'
import { baseConfigSchema, integer, sealingConfigSchema, zohoConfigSchema } from '@tds/runtime'

/** What the worker reads from the environment. */
export const workerConfigSchema = z
  .object({
    ...baseConfigSchema.shape,
    ...zohoConfigSchema.shape,
    ...sealingConfigSchema.shape,
    // It tells people itself when no alerter lives.
    ...receiverConfigFields,
    WORKER_HEALTH_PORT: integer({ min: 0, max: 65_535 })
      .default(8002)
      .describe('Port on loopback where the worker answers /health and /metrics.'),
  })
  .check(completeReceivers())

/** The worker's configuration, checked. */
export type WorkerConfig = z.output<typeof workerConfigSchema>
