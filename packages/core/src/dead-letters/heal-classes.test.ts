import { product } from '../entities/product.ts'
import { remapRecords } from '../sync/remap-records.ts'
import { createLettersWorld, type LettersWorld } from '../testing/letters-world.ts'
import { testOrganization } from '../testing/sync-world.ts'
import { healClasses } from './heal-classes.ts'

const classes = ['data', 'mapping', 'source', 'configuration', 'exhausted', 'killer'] as const

describe('healClasses', () => {
  let world: LettersWorld
  beforeEach(async () => {
    world = await createLettersWorld()
    let record = 0
    for (const kind of classes)
      for (let each = 0; each < 10; each += 1)
        await world.letter(`57391400000200${String((record += 1)).padStart(4, '0')}`, kind)
  })
  afterEach(async () => {
    await world.drop()
  })

  const heal = () => healClasses(world.db, { organizationId: testOrganization, ratePerSecond: 1000 })
  const openClasses = async () => [...new Set((await world.open()).map((letter) => letter.class))].sort()
  const release = () => remapRecords(world.db, product, { actor: 'amal', reason: 'brand is mapped now' })

  async function closeCircuit(): Promise<void> {
    await world.db.query(
      `INSERT INTO tds_circuits AS c (organization_id, service, state, opened) VALUES ($1, 'zoho', 'closed', 1)
           ON CONFLICT (organization_id, service) DO UPDATE SET epoch = c.epoch + 1, opened = c.opened + 1, changed_at = tds_now()`,
      [testOrganization],
    )
  }

  it('does nothing while no cause is gone', async () => {
    expect(await heal()).toEqual([])
    expect(await world.open()).toHaveLength(60)
  })

  it('replays the ten of class mapping when a new mapping is released, as the system, and leaves fifty', async () => {
    await release()
    expect(await heal()).toHaveLength(1)
    await world.second()
    expect(await world.open()).toHaveLength(50)
    expect(await openClasses()).toEqual(classes.filter((kind) => kind !== 'mapping').sort())
    const { rows } = await world.db.query(
      `SELECT actor, action FROM tds_operator_actions WHERE action = 'dead_letter.replay'`,
    )
    expect(rows).toEqual([{ actor: 'system', action: 'dead_letter.replay' }])
    expect(await world.unconserved()).toEqual([])
  })

  it('replays class source when the circuit closes again', async () => {
    await closeCircuit()
    expect(await heal()).toHaveLength(1)
    await world.second()
    expect(await openClasses()).not.toContain('source')
    expect(await world.open()).toHaveLength(50)
  })

  it('does so once for each cause, also with two of us at once', async () => {
    await closeCircuit()
    const begun = (await Promise.all([heal(), heal()])).flat()
    expect(begun).toHaveLength(1)
    expect(await heal()).toEqual([])
    const again = await world.letter('5739140000030001', 'source')
    expect(await heal()).toEqual([])
    await closeCircuit()
    expect(await heal()).toHaveLength(1)
    await world.second()
    expect(await world.find(again)).toMatchObject({ status: 'replayed', resolved_by: 'system' })
  })

  it('leaves alone what failed after the cause was gone, and takes no rehearsal for a release', async () => {
    await remapRecords(world.db, product, { actor: 'amal', reason: 'a look', dryRun: true })
    expect(await heal()).toEqual([])
    await closeCircuit()
    await world.db.query(`UPDATE tds_dead_letter_queue SET last_seen_at = tds_now() WHERE class = 'source'`)
    expect(await heal()).toEqual([])
  })
})
