import { z } from 'zod'
import { classifyDatabaseError, verifyDatabase } from '@tds/db'
import { TDS_VERSION } from '@tds/runtime'
import { defineCommand, type Warning } from '../command.ts'
import type { Session } from '../session.ts'

/** `tds version` */
export const version = defineCommand({
  description:
    'Says which version this is, and whether the database of DATABASE_URL fits it. Without DATABASE_URL only the first.',
  arguments: [],
  options: [],
  examples: ['version'],
  changes: false,
  input: z.object({}),
  data: z.strictObject({
    version: z.string(),
    node: z.string(),
    /** `fits`, `not asked`, or the code of what is wrong with it. */
    database: z.string(),
  }),
  run: async (session) => {
    const warnings: Warning[] = []
    const database = await askDatabase(session, warnings)
    return { data: { version: TDS_VERSION, node: process.versions.node, database }, warnings }
  },
  show: (data) => ({
    blocks: [{ kind: 'facts', facts: Object.entries(data) }],
    ids: [data.version],
    records: [data],
  }),
})

async function askDatabase(session: Session, warnings: Warning[]): Promise<string> {
  const { env } = session.terminal
  if (!env['DATABASE_URL'] && !env['DATABASE_URL_FILE']) return 'not asked'
  try {
    await verifyDatabase(session.uncheckedDatabase())
    return 'fits'
  } catch (error) {
    const { code, message } = classifyDatabaseError(error)
    warnings.push({ code, message })
    return code
  }
}
