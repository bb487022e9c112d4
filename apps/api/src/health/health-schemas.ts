import { z } from 'zod'

const status = z.enum(['healthy', 'degraded', 'unhealthy'])

/** What `/health` answers. */
export const healthSchema = z
  .object({
    status: status.describe('The worst of all checks.'),
    daemon: z.string(),
    version: z.string(),
    uptimeSeconds: z.int().nonnegative(),
    checks: z.array(
      z.object({
        name: z.string(),
        status,
        detail: z.string().describe('For people.'),
        facts: z.record(z.string(), z.unknown()).optional().describe('The same as numbers.'),
      }),
    ),
  })
  .meta({ id: 'Health' })

/** What `/health/live` answers. */
export const livenessSchema = z.object({ status: z.literal('live') }).meta({ id: 'Liveness' })

/** What `/health/ready` answers. */
export const readinessSchema = z
  .object({ ready: z.boolean(), detail: z.string().describe('What it waits for, if it is not ready.') })
  .meta({ id: 'Readiness' })
