import { groupDeadLetters, listItems, type DeadLetterClass, type ShownItem } from '@tds/db'
import { product } from '../entities/product.ts'
import { createLettersWorld, type LettersWorld } from '../testing/letters-world.ts'
import { exampleRecord, testOrganization } from '../testing/sync-world.ts'
import { recordsNow } from './staleness.ts'

const classes = ['data', 'mapping', 'source', 'configuration', 'exhausted', 'killer'] as const
const letters = 500

/** What has become of the record since, by the number of its letter. */
const kinds = ['new', 'changed', 'same', 'older', 'thin', 'unreadable'] as const

describe('500 dead letters of six classes', () => {
  let world: LettersWorld
  beforeAll(async () => {
    world = await createLettersWorld()
    for (let index = 0; index < letters; index += 1) await makeLetter(index)
  }, 120_000)
  afterAll(async () => {
    await world.drop()
  })

  async function makeLetter(index: number): Promise<void> {
    const [zohoId, kind] = [idOf(index), kindOf(index)]
    if (kind !== 'new') await world.apply(zohoId, { brand: 'stored', last_modified_time: at(10) })
    if (kind === 'thin') {
      const record = exampleRecord(product, 'detail', {
        item_id: zohoId,
        brand: 'asked',
        last_modified_time: at(20),
      })
      world.source.hold(zohoId, record)
      await world.giveUp(await world.receive({ entity: product, zohoId, body: {} }), classOf(index))
      return
    }
    const changes = {
      new: { brand: 'first' },
      changed: { brand: 'later', last_modified_time: at(20) },
      same: { brand: 'stored', last_modified_time: at(10) },
      older: { brand: 'before', last_modified_time: at(5) },
      unreadable: { rate: 'not a number', last_modified_time: at(20) },
    }[kind]
    await world.letter(zohoId, classOf(index), changes)
  }

  it('are found, grouped, previewed, replayed and verified, and end as the preview said', async () => {
    // Found: every one, by its class.
    const open = await world.open()
    expect(open).toHaveLength(letters)
    const stale = [...(await recordsNow(world.db, open)).values()]
    expect(countBy(stale.map(({ staleness }) => staleness))).toEqual({
      current: of('changed', 'same', 'unreadable'),
      not_stored: of('new'),
      older: of('older'),
      unknown: of('thin'),
    })

    // Grouped: one group for each cause.
    const groups = await groupDeadLetters(world.db, { organizationId: testOrganization })
    expect(groups.map((group) => [group.class, group.letters]).sort()).toEqual(
      classes.map((kind) => [kind, Math.ceil((letters - classes.indexOf(kind)) / classes.length)]).sort(),
    )

    // Previewed: nothing moves.
    const rehearsed = await world.request({}, { dryRun: true })
    expect(rehearsed.preview).toHaveLength(letters)
    expect(await world.open()).toHaveLength(letters)

    // Replayed.
    const { operationId, preview } = await world.request({}, { expected: letters })
    expect(preview).toEqual(rehearsed.preview)
    for (let second = 0; second < 3; second += 1) {
      await world.second()
      await world.settle()
    }
    await world.second()

    // Verified: every item has its outcome, and it is the one that was said.
    const items = await listItems(world.db, operationId ?? '', { after: 0, limit: 1000 })
    expect(items).toHaveLength(letters)
    expect(items.filter((item) => !isAsSaid(item))).toEqual([])
    expect(items.filter((item) => item.predicted === 'untried')).toHaveLength(83)
    for (const item of items) expect(item.outcome).toBe(expectedOf(item))

    // The mirror holds what it should, nothing was lost, and what is left open is what is still wrong.
    const brands = await world.db.query<{ brand: string; n: number }>(
      'SELECT brand, count(*)::int AS n FROM tds_products WHERE deleted_at IS NULL GROUP BY brand ORDER BY brand',
    )
    expect(brands.rows).toEqual([
      { brand: 'asked', n: of('thin') },
      { brand: 'first', n: of('new') },
      { brand: 'later', n: of('changed') },
      { brand: 'stored', n: of('same', 'older', 'unreadable') },
    ])
    const left = await world.open()
    expect(left).toHaveLength(of('unreadable'))
    expect(countBy(left.map((letter) => letter.error_code ?? ''))).toEqual({ bad_money: of('unreadable') })
    expect(await world.unconserved()).toEqual([])
  }, 120_000)
})

function at(minute: number): string {
  return `2026-07-21T16:${String(minute).padStart(2, '0')}:00+0100`
}

function idOf(index: number): string {
  return `5739140000${String(5000000 + index)}`
}

function kindOf(index: number): (typeof kinds)[number] {
  return kinds[Math.floor(index / classes.length) % kinds.length] ?? 'new'
}

function classOf(index: number): DeadLetterClass {
  return classes[index % classes.length] ?? 'data'
}

/** How many letters are of these kinds. */
function of(...wanted: string[]): number {
  return Array.from({ length: letters }, (_, index) => kindOf(index)).filter((kind) => wanted.includes(kind))
    .length
}

/** A re-read ends as Zoho answers, a killer as it may; all else as the preview said. */
function isAsSaid({ predicted, outcome }: ShownItem): boolean {
  if (predicted === 'reread') return outcome === 'applied'
  return predicted === 'untried' ? outcome !== null : predicted === outcome
}

function expectedOf({ source_entity_id: zohoId }: ShownItem): string {
  const kind = kindOf(Number(zohoId?.slice(-7)) - 5_000_000)
  return {
    new: 'applied',
    changed: 'applied',
    same: 'unchanged',
    older: 'stale',
    thin: 'applied',
    unreadable: 'failed',
  }[kind]
}

function countBy(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}
