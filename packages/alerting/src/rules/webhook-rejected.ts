import { z } from 'zod'
import { recentRefusals } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({
  threshold: z
    .int()
    .min(0)
    .max(1_000_000)
    .default(10)
    .describe('deliveries that may be refused within the window'),
  share: z
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('share of the deliveries that may be refused, 0 to 1'),
  minimumDeliveries: z
    .int()
    .min(1)
    .max(1_000_000)
    .default(20)
    .describe('deliveries below which the share says nothing'),
  windowMinutes: z.int().min(1).max(1440).default(10).describe('minutes looked back over'),
})

/**
 * Deliveries are refused as not authentic or too large. Nothing of them is kept, and they may have been Zoho's: a secret that
 * was changed on one side only looks like a stranger.
 */
export const webhookRejected = defineRule<z.output<typeof settings>>({
  name: 'webhook_rejected',
  title: 'Deliveries are refused',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 120 },
  settings,
  noData: 'clear',
  measure: async ({ tx, settings: set }) => {
    const recent = await recentRefusals(tx, set.windowMinutes)
    const { not_authentic: notAuthentic, too_large: tooLarge, stored } = recent
    const refused = notAuthentic + tooLarge
    const all = refused + stored
    const isLargeShare = all >= set.minimumDeliveries && refused / all > set.share
    return [
      {
        labels: {},
        value: refused,
        // The same in both cases: a change of it would look like a milder rule.
        threshold: set.threshold,
        breaches: refused > set.threshold || isLargeShare,
        facts: { notAuthentic, tooLarge, stored, minutes: set.windowMinutes },
      },
    ]
  },
})
