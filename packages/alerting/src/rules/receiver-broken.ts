import { z } from 'zod'
import { brokenReceivers } from '@tds/db'
import { defineRule } from './rule.ts'

const settings = z.strictObject({})

/** A provider refuses our messages: nothing is sent by it until it is set up anew or tested well. */
export const receiverBroken = defineRule<z.output<typeof settings>>({
  name: 'receiver_broken',
  title: 'A way to people is broken',
  timing: { enabled: true, severity: 'error', forSeconds: 0, keepSeconds: 0 },
  settings,
  noData: 'clear',
  measure: async ({ tx }) => {
    const broken = await brokenReceivers(tx)
    return broken.map(({ integration, broken_seconds: seconds, failures }) => ({
      labels: { integration },
      value: failures,
      threshold: null,
      breaches: true,
      facts: { brokenSeconds: Math.round(seconds) },
    }))
  },
})
