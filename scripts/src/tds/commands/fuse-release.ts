import { z } from 'zod'
import { entities, releaseFuse } from '@tds/core'
import { defineCommand } from '../command.ts'
import { entityInput } from '../input/entity-input.ts'
import { numberInput } from '../input/parse-input.ts'

/** `tds fuse release` */
export const fuseRelease = defineCommand({
  description:
    'Releases the deletions of a type that the fuse holds, in exactly the number that you have looked at, and closes it; with another number nothing is released. A reason is needed. Each record is read again first: what Zoho has lives.',
  arguments: [['<type>', `the type of record: ${entities.map(({ type }) => type).join(', ')}`]],
  options: [['--expect <number>', 'how many deletions are held, as tds fuse show says']],
  examples: [
    'fuse release product --expect 60 --reason "the old catalogue was deleted in Zoho"',
    'fuse release price_list --expect 4 --reason "a try" --dry-run',
  ],
  changes: true,
  input: z.object({ args: entityInput, expect: numberInput }),
  data: z.strictObject({
    organizationId: z.string(),
    entityType: z.string(),
    released: z.int().min(0),
    /** Since when it was blown. */
    blownAt: z.string().nullable(),
  }),
  run: async (session, { args: [entityType], expect: expectedCount }) => {
    const request = session.reasonedRequest()
    const organizationId = session.organizationId()
    const parts = await session.operatorParts()
    const done = await releaseFuse(parts, { organizationId, entityType, expectedCount }, request)
    return { data: { organizationId, entityType, ...done } }
  },
  show: (data) => ({
    blocks: [
      {
        kind: 'lines',
        lines: [
          `The fuse of ${data.entityType} is closed; ${String(data.released)} records are read again, and deleted if Zoho still does not have them.`,
        ],
      },
    ],
    ids: [data.entityType],
    records: [data],
  }),
})
