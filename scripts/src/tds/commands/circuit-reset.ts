import { z } from 'zod'
import { resetCircuit } from '@tds/core'
import { defineCommand } from '../command.ts'

/** `tds circuit reset` */
export const circuitReset = defineCommand({
  description:
    'Closes the circuit to Zoho of ZOHO_ORGANIZATION_ID at once, for every worker: all calls go out again, without a probe or a ramp. A reason is needed. If they fail, it opens again by itself.',
  arguments: [],
  options: [],
  examples: [
    'circuit reset --reason "the credentials are right now"',
    'circuit reset --reason "a try" --dry-run',
  ],
  changes: true,
  input: z.object({}),
  data: z.strictObject({
    organizationId: z.string(),
    /** The state that it was in; null where nobody has ever called. */
    from: z.string().nullable(),
    reason: z.string().nullable(),
    /** False where it was closed anyway. */
    changed: z.boolean(),
  }),
  run: async (session) => {
    const request = session.reasonedRequest()
    const organizationId = session.organizationId()
    const reset = await resetCircuit(await session.database(), organizationId, request)
    return { data: { organizationId, ...reset } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          data.changed
            ? `The circuit of ${data.organizationId} is closed; it was ${data.from ?? 'new'} for ${data.reason ?? 'no reason'}.`
            : `The circuit of ${data.organizationId} was closed anyway; nothing was done.`,
        ],
      },
    ],
    ids: [data.organizationId],
    records: [data],
  }),
})
