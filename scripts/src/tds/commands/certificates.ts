import { z } from 'zod'
import { entities } from '@tds/core'
import { listCertificates, type Certificate } from '@tds/db'
import { defineCommand } from '../command.ts'
import { isoTime, isoTimeOrNull } from './event-data.ts'

const types = entities.map((entity) => entity.type)
/** Beyond any number of organisations times types. */
const listed = 10_000

const count = z.int().min(0)
const certificateSchema = z.strictObject({
  certificateId: z.string(),
  runId: z.string(),
  organizationId: z.string(),
  entityType: z.string(),
  depth: z.enum(['index', 'full']),
  compared: count,
  equal: count,
  different: count,
  repaired: count,
  left: count,
  calls: count,
  /** What lists do not show is proven no more recently than this for some record; null where no detail was read. */
  oldestReadAt: z.iso.datetime().nullable(),
  neverRead: count,
  startedAt: z.iso.datetime(),
  issuedAt: z.iso.datetime(),
  issuedBy: z.string(),
})
type CertificateData = z.output<typeof certificateSchema>

/** `tds certificates` */
export const certificates = defineCommand({
  description:
    'Shows the latest certificate of each type: how many records were compared with Zoho, how many were equal, different, repaired and left, at what cost, when and for whom. Warns of types that have none. With -o id the runs that issued them.',
  arguments: [],
  options: [['--type <type>', `only of this kind of record: ${types.join(', ')}`]],
  examples: ['certificates', 'certificates --type invoice --json'],
  changes: false,
  input: z.object({ type: z.enum(types, `expected one of ${types.join(', ')}`).optional() }),
  data: z.strictObject({ certificates: z.array(certificateSchema) }),
  run: async (session, { type }) => {
    const wanted = { latest: true, limit: listed, ...(type === undefined ? {} : { entityType: type }) }
    const found = (await listCertificates(await session.database(), wanted)).map(certificateData)
    const unproven = types.filter(
      (one) => (type ?? one) === one && !found.some(({ entityType }) => entityType === one),
    )
    return { data: { certificates: found }, warnings: warningsOf(unproven) }
  },
  show: ({ certificates: shown }) => ({
    blocks: [{ kind: 'table', columns, rows: shown.map(rowOf) }],
    ids: shown.map(({ runId }) => runId),
    records: shown,
  }),
})

const columns = [
  'type',
  'issued',
  'compared',
  'equal',
  'different',
  'repaired',
  'left',
  'calls',
  'oldest read',
  'never read',
  'by',
  'organization',
]

function rowOf(one: CertificateData): (string | number | null)[] {
  const { entityType, issuedAt, compared, equal, different, repaired, left, calls } = one
  const { oldestReadAt, neverRead, issuedBy, organizationId } = one
  return [
    entityType,
    issuedAt,
    compared,
    equal,
    different,
    repaired,
    left,
    calls,
    oldestReadAt,
    neverRead,
    issuedBy,
    organizationId,
  ]
}

function certificateData(stored: Certificate): CertificateData {
  return {
    certificateId: stored.id,
    runId: stored.run_id,
    organizationId: stored.organization_id,
    entityType: stored.entity_type,
    depth: stored.depth,
    compared: Number(stored.compared),
    equal: Number(stored.equal),
    different: Number(stored.different),
    repaired: Number(stored.repaired),
    left: Number(stored.left),
    calls: Number(stored.calls),
    oldestReadAt: isoTimeOrNull(stored.oldest_read_at),
    neverRead: Number(stored.never_read),
    startedAt: isoTime(stored.started_at),
    issuedAt: isoTime(stored.issued_at),
    issuedBy: stored.issued_by,
  }
}

function warningsOf(unproven: readonly string[]): { code: string; message: string }[] {
  if (unproven.length === 0) return []
  const message = `never proven: ${unproven.join(', ')}; ask for a comparison with tds reconcile ${unproven.join(' ')}`
  return [{ code: 'never_proven', message }]
}
