import { entities, unstorableReason, type IncomingEvent, type IntakeAnswer } from '@tds/core'
import { TdsError } from '@tds/runtime'
import { captureLogs } from '@tds/runtime/testing'
import { spoolError } from '../spool/spool-errors.ts'
import type { SpoolReason } from '../spool/spool.ts'
import type { AuthenticDelivery } from './incoming-delivery.ts'
import { takeDelivery, type TakingParts } from './take-delivery.ts'
import { webhookRoutes } from './webhook-routes.ts'

const [route] = webhookRoutes(entities).values()
const version = '2026-07-21T16:03:55+0100'

beforeEach(() => {
  captureLogs()
})

describe('taking a delivery', () => {
  it('goes to Postgres while that answers', async () => {
    const { taken, spooled } = await take({})
    expect(taken).toMatchObject({ outcome: 'accepted' })
    expect(spooled).toEqual([])
  })

  it.each<[string, SpoolReason]>([
    ['intake_deadline', 'deadline'],
    ['intake_overloaded', 'overload'],
    ['intake_closed', 'closed'],
    ['database_unavailable', 'database'],
  ])('is spooled where the intake says %s', async (code, why) => {
    const { taken, spooled } = await take({ fails: passing(code) })
    expect(spooled).toEqual([expect.objectContaining({ why })])
    expect(taken).toEqual({ eventId: spooled[0]?.event.id, outcome: 'spooled' })
  })

  it('does not ask a Postgres that is known to be away', async () => {
    const { taken, asked } = await take({ isAway: true })
    expect({ ...taken, asked }).toMatchObject({ outcome: 'spooled', asked: 0 })
  })

  it('asks a Postgres that seems to be away after all where nothing can be spooled', async () => {
    const { taken, asked } = await take({ isAway: true, isFull: true })
    expect({ ...taken, asked }).toMatchObject({ outcome: 'accepted', asked: 1 })
  })

  it('fails as the intake failed where nothing can be spooled', async () => {
    await expect(take({ fails: passing('intake_deadline'), isFull: true })).rejects.toMatchObject({
      code: 'intake_deadline',
    })
  })

  it('is spooled and fails where a mistake of ours kept it from being stored', async () => {
    const spooled: Spooled[] = []
    await expect(take({ fails: new TypeError('oops'), spooled })).rejects.toThrow('oops')
    expect(spooled).toEqual([expect.objectContaining({ why: 'bug' })])
  })

  it('is spooled as bytes and fails where a mistake of ours kept it from being read', async () => {
    const spooled: Spooled[] = []
    const unreadable = { query: null as unknown as AuthenticDelivery['query'] }
    await expect(take({ delivery: unreadable, spooled })).rejects.toThrow(TypeError)
    expect(spooled[0]).toMatchObject({
      why: 'bug',
      event: { status: 'quarantined', errorCode: unstorableReason, rawBody: bodyOf(version), payload: null },
    })
  })
})

interface Spooled {
  readonly event: IncomingEvent
  readonly why: SpoolReason
}

interface Situation {
  readonly fails?: Error
  readonly isAway?: boolean
  readonly isFull?: boolean
  readonly delivery?: Partial<AuthenticDelivery>
  readonly spooled?: Spooled[]
}

async function take({ fails, isAway = false, isFull = false, delivery = {}, spooled = [] }: Situation) {
  let asked = 0
  const parts: TakingParts = {
    organizationId: '790412365',
    now: () => new Date(),
    isDatabaseAway: () => isAway,
    intake: {
      accept: async ({ id }): Promise<IntakeAnswer> => {
        asked += 1
        if (fails !== undefined) throw fails
        return { eventId: id, outcome: 'accepted', reason: null, detail: null }
      },
    },
    spool: {
      state: () => ({
        problem: isFull ? { code: 'spool_full', message: 'full' } : null,
        records: 0,
        bytes: 0,
        oldestSeconds: null,
        adoptedFolders: 0,
        tornFiles: 0,
        freeShare: 1,
      }),
      put: async (event, why) => {
        if (isFull) throw spoolError('spool_full', 'full')
        spooled.push({ event, why })
      },
    },
  }
  const taken = await takeDelivery({ ...authentic(), ...delivery }, parts)
  return { taken, spooled, asked }
}

function authentic(): AuthenticDelivery {
  if (route === undefined) throw new Error('no route')
  return {
    route,
    headers: { 'content-type': 'application/json' },
    query: [],
    rawBody: bodyOf(version),
    sender: { address: '192.0.2.7', requestId: 'a-request' },
    authenticatedBy: 'signature',
  }
}

function bodyOf(time: string): Buffer {
  return Buffer.from(JSON.stringify({ item: { item_id: '7', last_modified_time: time } }))
}

function passing(code: string): TdsError {
  return new TdsError('not now', { code, disposition: 'retry', nextStep: 'Deliver again.' })
}
