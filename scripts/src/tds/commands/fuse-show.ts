import { z } from 'zod'
import { deletionAllowance, entities, type EntityDefinition } from '@tds/core'
import { heldDeletions, listFuses, type Database, type FuseStatus } from '@tds/db'
import { defineCommand } from '../command.ts'
import { optionalEntityInput } from '../input/entity-input.ts'

const count = z.int().min(0)
const fuseSchema = z.strictObject({
  entityType: z.string(),
  state: z.enum(['closed', 'blown']),
  /** Since when it is blown. */
  since: z.string().nullable(),
  held: count,
  /** Released, and not read again yet. */
  released: count,
  doneLastHour: count,
  limit: count,
  rows: count,
  blows: count,
  releasedAt: z.string().nullable(),
  releasedBy: z.string().nullable(),
  releaseReason: z.string().nullable(),
})
const recordSchema = z.strictObject({ recordId: z.string(), cause: z.string(), heldAt: z.string() })
type ShownFuse = z.output<typeof fuseSchema>

/** Held records that are listed; how many there are stands beside the type. */
const listed = 1000

/** `tds fuse show` */
export const fuseShow = defineCommand({
  description:
    'Shows the fuse over deletions of each type of ZOHO_ORGANIZATION_ID: closed, or blown and since when; how many deletions it holds, how many were done in the last hour and how many may be. With a type also the records whose deletion is held, up to 1000.',
  arguments: [['[type]', `one type: ${entities.map(({ type }) => type).join(', ')}`]],
  options: [],
  examples: ['fuse show', 'fuse show price_list --json', 'fuse show product -o id'],
  changes: false,
  input: z.object({ args: optionalEntityInput }),
  data: z.strictObject({
    organizationId: z.string(),
    fuses: z.array(fuseSchema),
    /** The records that are held, where one type was asked for; null where all were. */
    records: z.array(recordSchema).nullable(),
  }),
  run: async (session, { args: [type] }) => {
    const organizationId = session.organizationId()
    const db = await session.database()
    const wanted = type === undefined ? entities : entities.filter((entity) => entity.type === type)
    const used = (await listFuses(db)).filter((fuse) => fuse.organization_id === organizationId)
    const fuses: ShownFuse[] = []
    for (const entity of wanted) {
      const fuse = used.find((one) => one.entity_type === entity.type)
      fuses.push(await shownOf(db, { organizationId, entity, fuse }))
    }
    const records = type === undefined ? null : await recordsOf(db, { organizationId, entityType: type })
    return { data: { organizationId, fuses, records } }
  },
  show: ({ fuses, records }) => ({
    blocks: [
      { kind: 'table', columns: fuseColumns, rows: fuses.map(rowOf) },
      {
        kind: 'table',
        columns: ['record', 'cause', 'held since'],
        rows: (records ?? []).map(({ recordId, cause, heldAt }) => [recordId, cause, heldAt]),
      },
    ],
    ids: records === null ? fuses.map(({ entityType }) => entityType) : records.map((one) => one.recordId),
    records: records ?? fuses,
  }),
})

const fuseColumns = ['type', 'state', 'since', 'held', 'released', 'last hour', 'limit', 'rows', 'blows']

function rowOf(fuse: ShownFuse): (string | number | null)[] {
  const { entityType, state, since, held, released, doneLastHour, limit, rows, blows } = fuse
  return [entityType, state, since, held, released, doneLastHour, limit, rows, blows]
}

async function shownOf(
  db: Database,
  of: {
    readonly organizationId: string
    readonly entity: EntityDefinition
    readonly fuse: FuseStatus | undefined
  },
): Promise<ShownFuse> {
  const { fuse, entity } = of
  const { limit, done, rows } = await deletionAllowance(db, of)
  return {
    entityType: entity.type,
    state: fuse?.state ?? 'closed',
    since: fuse?.blown_at ?? null,
    held: fuse?.held ?? 0,
    released: fuse?.released ?? 0,
    doneLastHour: done,
    limit,
    rows,
    blows: Number(fuse?.blows ?? 0),
    releasedAt: fuse?.released_at ?? null,
    releasedBy: fuse?.released_by ?? null,
    releaseReason: fuse?.release_reason ?? null,
  }
}

async function recordsOf(
  db: Database,
  key: { readonly organizationId: string; readonly entityType: string },
) {
  const held = await heldDeletions(db, key, { limit: listed })
  return held.map(({ zoho_id: recordId, cause, held_at: heldAt }) => ({ recordId, cause, heldAt }))
}
