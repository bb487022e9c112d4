import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import {
  completeReceivers,
  createReceivers,
  integrations,
  receiverConfigFields,
  tryReceiver,
  type TriedReceiver,
} from '@tds/alerting'
import { baseConfigSchema, loadConfig } from '@tds/runtime'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Session } from '../session.ts'

const words = integrations.join(', ')

/** `tds alerts test` */
export const alertsTest = defineCommand({
  description:
    'Sends a message marked as a test by one way and says what came of it, within 15 seconds; at most five a minute. tds needs the variables of that way, as the alerter has them. One that was refused and works again is used again. Where the alerter works with other variables, the test says nothing about its own. A rehearsal sends nothing and only looks whether the variables are there.',
  arguments: [['<integration>', `the way: ${words}`]],
  options: [],
  examples: ['alerts test slack --reason "new channel"', 'alerts test email --dry-run'],
  changes: true,
  input: z.object({
    args: z.tuple([z.enum(integrations, `expected one of ${words}`)], `expected one of ${words}`),
  }),
  data: z.strictObject({
    integration: z.string(),
    /** The last characters of where it sends to. */
    address: z.string(),
    sent: z.boolean(),
    messageId: z.string().nullable(),
    outcome: z.string().nullable(),
    providerStatus: z.string().nullable(),
    detail: z.string().nullable(),
    tookMs: z.number().nullable(),
  }),
  run: async (session, { args: [integration] }) => {
    const tried = await tryWith(session, integration)
    const { integration: way, shownAddress: address, test } = tried
    const isGood = test === null || test.result.class === 'success'
    return {
      data: {
        integration: way,
        address,
        sent: test !== null,
        messageId: test?.notificationId ?? null,
        outcome: test?.result.class ?? null,
        providerStatus: test?.result.providerStatus ?? null,
        detail: test?.result.detail ?? null,
        tookMs: test?.tookMs ?? null,
      },
      exitCode: isGood ? exitCodes.done : exitCodes.badVerdict,
      warnings: test?.isCounted === false ? [otherSettings] : [],
    }
  },
  show: (data) => ({
    blocks: [{ kind: 'lines', lines: [sentence(data)] }],
    ids: data.messageId === null ? [] : [data.messageId],
    records: [data],
  }),
})

const otherSettings = {
  code: 'other_settings',
  message:
    'the alerter works with other variables; this says nothing about its receiver, and changes nothing of it',
}

/** The variables of receivers are secrets of the alerter: only this command reads them. */
async function tryWith(session: Session, integration: string): Promise<TriedReceiver> {
  const schema = z
    .object({ TDS_ENVIRONMENT: baseConfigSchema.shape.TDS_ENVIRONMENT, ...receiverConfigFields })
    .check(completeReceivers())
  const config = loadConfig(schema, session.terminal.env)
  const request = session.request()
  const db = await session.database()
  const receivers = createReceivers(config)
  const { TDS_ENVIRONMENT: environment, ALERT_LANGUAGE: language } = config
  try {
    return await tryReceiver(
      { db, receivers, holder: randomUUID(), language, environment },
      integration,
      request,
    )
  } finally {
    await Promise.all(receivers.map((receiver) => receiver.close()))
  }
}

function sentence(data: {
  readonly integration: string
  readonly address: string
  readonly sent: boolean
  readonly outcome: string | null
  readonly providerStatus: string | null
  readonly detail: string | null
  readonly tookMs: number | null
}): string {
  const where = `${data.integration} (${data.address})`
  if (!data.sent) return `${where} is configured; nothing was sent.`
  if (data.outcome === 'success') return `${where} took the test after ${String(data.tookMs)} ms.`
  const why = [data.providerStatus, data.detail].filter((part) => part !== null).join(': ')
  return `${where} did not take the test (${data.outcome ?? 'unknown'}): ${why}`
}
