import fc from 'fast-check'
import type { MappedRecord } from '../entities/map-record.ts'
import { advance } from './advance.ts'
import type { IncomingChange } from './change.ts'
import { differs } from './content.ts'
import { decide } from './decide.ts'
import type { Instant } from './instant.ts'
import { isComplete, type RecordState } from './record-state.ts'

/**
 * A record lives at the source, deliveries of its versions arrive in any order and any number, and re-reads are answered
 * by what the source holds when they are sent. Whatever the schedule, the row must end as the source stands, and its
 * version must never have gone back while it lived.
 */
const second: Instant = 1_000_000
const start: Instant = 1_800_000_000 * second

interface SourceRecord {
  readonly version: Instant
  readonly rate: string
  readonly note: string | null
}

type Body = 'full' | 'partial' | 'thin' | 'versionless' | 'delete'

interface Delivery {
  readonly body: Body
  /** What the source held when this webhook was made. */
  readonly of: SourceRecord
}

interface World {
  now: Instant
  source: SourceRecord | null
  row: RecordState | null
  owed: boolean
  applied: number
  went: string[]
}

const bodies = fc.constantFrom<Body>('full', 'partial', 'thin', 'versionless', 'delete')

/** Five versions, with ties and a delete and restore among them; then a random play of their deliveries and of reads. */
const schedules = fc.record({
  steps: fc.array(
    fc.oneof(
      {
        weight: 4,
        arbitrary: fc.record({ do: fc.constant('edit' as const), tie: fc.boolean(), body: bodies }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('delete' as const), tie: fc.constant(false), body: bodies }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('restore' as const), tie: fc.constant(false), body: bodies }),
      },
    ),
    { minLength: 5, maxLength: 8 },
  ),
  order: fc.array(fc.nat(1000), { minLength: 30, maxLength: 30 }),
  duplicates: fc.array(fc.nat(7), { maxLength: 6 }),
  readsAt: fc.array(fc.boolean(), { minLength: 30, maxLength: 30 }),
})

describe('any schedule of deliveries', () => {
  it('ends in what the source holds and never goes back, in 10,000 random schedules', () => {
    fc.assert(
      fc.property(schedules, ({ steps, order, duplicates, readsAt }) => {
        const world: World = { now: start, source: null, row: null, owed: false, applied: 0, went: [] }
        const waiting: Delivery[] = []
        const sent: Delivery[] = []
        let turn = 0
        for (const step of steps) {
          act(world, step, sent)
          waiting.push(...sent.slice(sent.length - 1))
          // Some deliveries arrive between the edits, in an order of their own.
          if (readsAt[turn] === true) deliverOne(world, waiting, order[turn] ?? 0)
          turn += 1
        }
        for (const index of duplicates) {
          const again = sent[index % Math.max(1, sent.length)]
          if (again !== undefined) waiting.push(again)
        }
        while (waiting.length > 0) {
          deliverOne(world, waiting, order[turn % order.length] ?? 0)
          if (readsAt[turn % readsAt.length] === true) readOwed(world)
          turn += 1
        }
        readOwed(world)
        expect(world.went).toEqual([])
        expectEqualToSource(world)
      }),
      { numRuns: 10_000 },
    )
  })
})

function act(
  world: World,
  step: { do: 'edit' | 'delete' | 'restore'; tie: boolean; body: Body },
  sent: Delivery[],
): void {
  tick(world)
  const last = sent.at(-1)?.of
  // Zoho stamps whole seconds, so two edits of one second tie; a restore raises the version.
  const version = step.tie && last !== undefined ? last.version : world.now - (world.now % second)
  const next: SourceRecord = { version, rate: String(sent.length), note: sent.length % 2 === 0 ? 'x' : null }
  if (step.do === 'delete') {
    world.source = null
    sent.push({ body: 'delete', of: last ?? next })
    return
  }
  world.source = next
  // A webhook of a created or restored record names no more than the type of event its rule was made for.
  sent.push({ body: step.body === 'delete' ? 'full' : step.body, of: next })
}

function deliverOne(world: World, waiting: Delivery[], pick: number): void {
  const [delivery] = waiting.splice(pick % Math.max(1, waiting.length), 1)
  if (delivery === undefined) return
  tick(world)
  const incoming: IncomingChange = {
    origin: 'webhook',
    says: delivery.body === 'delete' ? { kind: 'deleted' } : { kind: 'content', record: bodyOf(delivery) },
    cause: 'webhook',
    lookedAt: world.now,
  }
  carryOut(world, incoming)
}

/** The read that is owed: its answer is what the source holds at the time it is sent. */
function readOwed(world: World): void {
  if (!world.owed) return
  tick(world)
  world.owed = false
  const says =
    world.source === null
      ? ({ kind: 'not-there' } as const)
      : ({ kind: 'content', record: bodyOf({ body: 'full', of: world.source }) } as const)
  carryOut(world, { origin: 'detail', says, cause: 'webhook', lookedAt: world.now })
}

function carryOut(world: World, incoming: IncomingChange): void {
  const decision = decide(world.row, incoming, world.now)
  const before = world.row
  world.row = advance(before, incoming, { decision, now: world.now })
  if (decision.outcome === 'reread') world.owed = true
  if (world.row !== null && world.row.deletedAt === null && !isComplete(world.row)) world.owed = true
  if (wentBack(before, world.row))
    world.went.push(`${String(before?.version)} → ${String(world.row?.version)}`)
}

function wentBack(before: RecordState | null, after: RecordState | null): boolean {
  if (before === null || after === null || before.deletedAt !== null) return false
  return before.version !== null && after.version !== null && after.version < before.version
}

function expectEqualToSource(world: World): void {
  const { source, row } = world
  if (source === null) {
    expect(row === null || row.deletedAt !== null).toBe(true)
    return
  }
  expect(row).not.toBeNull()
  if (row === null) return
  expect(row.deletedAt).toBeNull()
  expect(differs(row, bodyOf({ body: 'full', of: source }))).toBe(false)
  expect(row.version).toBe(source.version)
}

function bodyOf({ body, of }: Delivery): MappedRecord {
  const full = { rate: of.rate, note: of.note }
  const carried: Record<Body, Record<string, string | null>> = {
    full,
    versionless: full,
    partial: { rate: of.rate },
    thin: {},
    delete: {},
  }
  return {
    completeness:
      body === 'full' || body === 'versionless' ? 'complete' : body === 'thin' ? 'thin' : 'partial',
    columns: carried[body],
    customFields: body === 'full' || body === 'versionless' ? '{}' : undefined,
    children: {},
    version: body === 'versionless' || body === 'thin' ? null : of.version / 1000,
    createdAt: null,
    raw: {},
  }
}

function tick(world: World): void {
  world.now += second / 2
}
