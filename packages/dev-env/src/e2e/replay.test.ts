import type { Mutation } from '@tds/zoho-simulator'

import {
  type CommandForm,
  deliver,
  type EndToEnd,
  runOperatorCommand,
  startEndToEnd,
  waitUntil,
} from '../testing/index.ts'

/** The three that Postgres is made to refuse for real, and the three that take minutes and deaths to come about: those are renamed. */
const refusals = { data: '22003', configuration: '42501', exhausted: 'P0001' } as const
const renamed = { mapping: 'no_such_field', source: 'zoho_lagging', killer: 'killed_worker' } as const
const classes = ['data', 'configuration', 'exhausted', 'mapping', 'source', 'killer'] as const
type Class = (typeof classes)[number]

const reason = ['--actor', 'amal', '--reason', 'the columns are there now']

interface Prediction {
  readonly letterId: string
  readonly predicted: string
  readonly fields: readonly string[]
}

interface Item extends Prediction {
  readonly class: Class
  readonly recordId: string
  readonly outcome: string | null
}

interface Operation {
  readonly operationId: string
  readonly status: string
  readonly items: number
  readonly outcomes: Readonly<Record<string, number>>
}

describe('dead letters of six classes, with real daemons and the real command', () => {
  let world: EndToEnd
  const told = new Set<string>()
  const expected = new Map<string, string>()

  beforeAll(async () => {
    world = await startEndToEnd()
    await refuse()
    for (const kind of classes) await makeLetters(kind)
    await makeUnreadable()
    await waitUntil(async () => (await openLetters()) === expected.size, {
      what: 'all are given up on',
      withinMs: 60_000,
    })
    for (const kind of classes) await overtake(kind)
    await world.converge()
    await rename()
  }, 180_000)

  afterAll(async () => {
    await world.stop()
  })

  it('are grouped, previewed, replayed as previewed, told by health where they stay, and leave the mirror equal to Zoho', async () => {
    const { db } = world.database
    const { groups } = await command<{ groups: { class: string; letters: number }[] }>('filter', [
      'dlq',
      'groups',
    ])
    expect(groups.map((group) => `${group.class} ${String(group.letters)}`).sort()).toEqual(
      [...classes.map((kind) => `${kind} 3`), 'data 2'].sort(),
    )

    // The cause is still there: it would be in vain.
    const vain = await preview('tds', ['--class', 'configuration'], 3)
    expect(countOf(vain)).toEqual({ failed: 2, stale: 1 })

    await mend()
    const rehearsed = await preview('tds', ['--all'], 3)
    expect(countOf(rehearsed)).toEqual({ applied: 10, stale: 5, untried: 3, failed: 2 })
    expect(await openLetters()).toBe(20)

    const one = await replay('filter', ['--class', 'mapping'], { expect: 3, exitCode: 0 })
    expect(one).toMatchObject({ status: 'completed', items: 3, outcomes: { applied: 2, stale: 1 } })
    // What pnpm makes of the exit code when it goes by the filter is told in the envelope alone.
    const rest = await replay('tds', ['--all'], { expect: 17, exitCode: 3 })
    expect(rest).toMatchObject({
      status: 'completed',
      items: 17,
      outcomes: { applied: 10, stale: 5, failed: 2 },
    })

    // Each item has the outcome that the preview said, and the one that its record's story asks for.
    const items = [...(await itemsOf(one)), ...(await itemsOf(rest))]
    const said = new Map(rehearsed.map(({ letterId, predicted }) => [letterId, predicted]))
    expect(items).toHaveLength(20)
    expect(items.filter((item) => item.predicted !== said.get(item.letterId))).toEqual([])
    expect(
      items.filter(({ predicted, outcome }) => predicted !== 'untried' && predicted !== outcome),
    ).toEqual([])
    expect(items.map(({ recordId, outcome }) => [recordId, outcome]).sort()).toEqual([...expected].sort())

    // A letter that is left lying is told loudly, and takes no daemon out of service.
    await db.query(`UPDATE tds_dead_letter_queue SET created_at = created_at - interval '25 hours'`)
    expect(await healthOfLetters()).toEqual({
      answered: 200,
      status: 'degraded',
      detail: 'OVERDUE: a dead letter has waited 25 h for a person, limit 24 h; 2 are open.',
    })

    // What cannot be read is corrected, or asked for, and then everything is as Zoho has it.
    const [first, second] = items.filter(({ outcome }) => outcome === 'failed')
    await command('tds', ['dlq', 'edit', first?.letterId ?? '', '--set', 'item.rate=14', ...reason])
    await command('tds', ['dlq', 'edit', second?.letterId ?? '', '--read', ...reason])
    await world.converge()
    expect(await world.differences(told)).toEqual([])
    expect(await openLetters()).toBe(0)
    const lost = await db.query('SELECT * FROM tds_v_conservation WHERE difference <> 0')
    expect(lost.rows).toEqual([])
    const done = await db.query(
      `SELECT action, count(*)::int AS times FROM tds_operator_actions
        WHERE actor = 'amal' AND reason = 'the columns are there now' GROUP BY action ORDER BY action`,
    )
    expect(done.rows).toEqual([
      { action: 'dead_letter.edit', times: 2 },
      { action: 'dead_letter.replay', times: 2 },
    ])
  }, 300_000)

  /** A record that is new, one that is known, and one that something newer overtakes. */
  async function makeLetters(kind: Class): Promise<void> {
    const brand = `refused ${kind}`
    const known = world.simulator.mutate({ type: 'product', kind: 'create', set: { brand: 'sound' } })
    await tell(known)
    await world.converge()
    await tell(
      world.simulator.mutate({ type: 'product', kind: 'update', id: known.id, set: { brand } }),
      'applied',
    )
    await tell(world.simulator.mutate({ type: 'product', kind: 'create', set: { brand } }), 'applied')
    await tell(world.simulator.mutate({ type: 'product', kind: 'create', set: { brand } }), 'stale')
  }

  /** A body that arrives with a price that no one can read, of records whose price is sound. */
  async function makeUnreadable(): Promise<void> {
    for (let n = 0; n < 2; n += 1) {
      const made = world.simulator.mutate({ type: 'product', kind: 'create', set: { rate: 14 } })
      const { body } = world.simulator.deliveryOf(made, { shape: 'detail' })
      const unreadable = body.toString().replace(/"rate":14\b/, '"rate":"14,00"')
      const { apiUrl } = world.installation
      expect(unreadable).not.toBe(body.toString())
      const answer = await deliver(
        { apiUrl, simulator: world.simulator },
        { path: '/products', body: unreadable },
      )
      expect(answer.status).toBe(202)
      note(made, 'failed')
    }
  }

  /** The news that makes a letter old. */
  async function overtake(kind: Class): Promise<void> {
    const { rows } = await world.database.db.query<{ source_entity_id: string }>(
      `SELECT source_entity_id FROM tds_dead_letter_queue WHERE failure_reason LIKE '%' || $1`,
      [`refused ${kind}`],
    )
    for (const { source_entity_id: id } of rows) {
      if (expected.get(id) !== 'stale') continue
      await tell(world.simulator.mutate({ type: 'product', kind: 'update', id, set: { brand: 'newer' } }))
    }
  }

  async function tell(mutation: Mutation, outcome?: string): Promise<void> {
    const delivery = world.simulator.deliveryOf(mutation, { shape: 'detail' })
    const { results } = await world.simulator.send([delivery], { target: world.installation.apiUrl })
    expect(results.map(({ status }) => status)).toEqual([202])
    note(mutation, outcome)
  }

  function note({ id }: Mutation, outcome?: string): void {
    told.add(id)
    if (outcome !== undefined) expected.set(id, outcome)
  }

  /** Lets Postgres refuse products by their brand, as a schema would that lags behind the program. */
  async function refuse(): Promise<void> {
    const states = classes.map((kind) => {
      const state = kind in refusals ? refusals[kind as keyof typeof refusals] : refusals.configuration
      return `WHEN 'refused ${kind}' THEN '${state}'`
    })
    await world.database.db.query(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN
         IF NEW.brand LIKE 'refused %' THEN
           RAISE '%', NEW.brand USING ERRCODE = CASE NEW.brand ${states.join(' ')} END;
         END IF;
         RETURN NEW;
       END $$`,
    )
    await world.database.db.query(
      'CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON tds_products FOR EACH ROW EXECUTE FUNCTION refuse()',
    )
  }

  async function mend(): Promise<void> {
    await world.database.db.query('DROP TRIGGER refuse ON tds_products')
  }

  async function rename(): Promise<void> {
    for (const [kind, code] of Object.entries(renamed))
      await world.database.db.query(
        `UPDATE tds_dead_letter_queue SET class = $1, error_code = $2, fingerprint = md5(error_code || failure_reason)
          WHERE failure_reason LIKE '%' || $3`,
        [kind, code, `refused ${kind}`],
      )
  }

  async function openLetters(): Promise<number> {
    const { rows } = await world.database.db.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM tds_dead_letter_queue WHERE status = 'open'`,
    )
    return rows[0]?.n ?? 0
  }

  async function healthOfLetters(): Promise<unknown> {
    const answer = await fetch(`${world.installation.apiUrl}/health`)
    const { checks } = (await answer.json()) as { checks: { name: string; status: string; detail: string }[] }
    const check = checks.find(({ name }) => name === 'dead letters')
    return { answered: answer.status, status: check?.status, detail: check?.detail }
  }

  async function preview(
    form: CommandForm,
    choice: readonly string[],
    exitCode: number,
  ): Promise<readonly Prediction[]> {
    const data = await command<{ preview: Prediction[] }>(form, ['replay', ...choice, '--dry-run'], exitCode)
    return data.preview
  }

  async function replay(
    form: CommandForm,
    choice: readonly string[],
    o: { readonly expect: number; readonly exitCode: number },
  ): Promise<Operation> {
    const many = ['--expect', String(o.expect), '--rate', '100', '--stop-on-error', '100']
    const args = ['replay', ...choice, ...many, '--wait', ...reason]
    return (await command<{ operation: Operation }>(form, args, o.exitCode)).operation
  }

  async function itemsOf({ operationId }: Operation): Promise<readonly Item[]> {
    return (await command<{ items: Item[] }>('tds', ['ops', 'show', operationId])).items
  }

  /** Runs the command; standard output must be the envelope and nothing else. */
  async function command<Data>(form: CommandForm, args: readonly string[], exitCode = 0): Promise<Data> {
    const run = await runOperatorCommand(form, [...args, '--json'], {
      DATABASE_URL: world.database.url,
      ZOHO_ORGANIZATION_ID: world.simulator.access.organizationId,
    })
    expect(run.out.match(/\n/g)).toHaveLength(1)
    const envelope = JSON.parse(run.out) as { exitCode: number; data: Data }
    expect({ args, exitCode: envelope.exitCode }).toEqual({ args, exitCode })
    expect(run.exitCode === 0).toBe(exitCode === 0)
    if (form === 'tds') expect(run.exitCode).toBe(exitCode)
    return envelope.data
  }
})

function countOf(predictions: readonly Prediction[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { predicted } of predictions) counts[predicted] = (counts[predicted] ?? 0) + 1
  return counts
}
