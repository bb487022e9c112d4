import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createTestDatabase, takeOverClock, type TestDatabase } from '@tds/db/testing'
import { startHttpPeer, type HttpPeer } from './http-peer.ts'

const program = fileURLToPath(new URL('fixtures/scripted-alerter.ts', import.meta.url))

/** What came of a script of alerts. */
export interface ScriptReport {
  readonly kills: number
  /** Messages that arrived more often than once, by how often more. */
  readonly duplicates: number
  /** By rule the kinds of message, in the order in which they first arrived. */
  readonly told: Readonly<Record<string, readonly string[]>>
  /** Messages of the outbox that were not delivered, or in a wrong order. */
  readonly broken: readonly string[]
}

/**
 * Has alerters, one after the other, work through so many scripted hours of six rules that fire and end, and kills as many
 * of them as told by SIGKILL, each at a random moment of its first steps.
 */
export async function runScript(o: {
  readonly hours: number
  readonly mostKills: number
  readonly seed: number
}): Promise<ScriptReport> {
  const database = await createTestDatabase({ poolSize: 2 })
  const peer = await startHttpPeer({ status: 204 })
  try {
    await writeScript(database, o.hours)
    const chance = chances(o.seed)
    let kills = 0
    while (!(await runAlerter(database, peer, kills < o.mostKills ? chance() * 250 : null))) kills += 1
    return { kills, ...(await judge(database, peer)) }
  } finally {
    await peer.stop()
    await database.drop()
  }
}

/** Each rule fires for eight minutes, every 25: not often enough to flap, and for long enough that nothing is passed over. */
async function writeScript({ db }: TestDatabase, hours: number): Promise<void> {
  await (await takeOverClock(db)).set('2026-11-02T08:00:00Z')
  await db.query(
    'CREATE TABLE test_script (rule text, severity tds_alert_severity, since timestamptz, until timestamptz)',
  )
  await db.query(
    `INSERT INTO test_script
     SELECT 'rule_' || rule, (ARRAY['critical', 'error', 'warning'])[1 + rule % 3]::tds_alert_severity, since,
            since + interval '8 minutes'
       FROM generate_series(0, 5) rule, generate_series(0, $1::int * 60 - 20, 25) minute,
            LATERAL (SELECT tds_now() + make_interval(mins => minute + 2 + rule) AS since) s`,
    [hours],
  )
}

/** Returns whether it came to the end of the script; it is killed after so many milliseconds, or not at all. */
async function runAlerter(
  { url }: TestDatabase,
  peer: HttpPeer,
  killAfterMs: number | null,
): Promise<boolean> {
  const child = spawn(process.execPath, ['--conditions=tds-source', program, url, `${peer.url}/x`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const closed = once(child, 'close')
  if (killAfterMs !== null) {
    await once(child.stdout, 'data')
    await Promise.race([pause(killAfterMs), closed])
    child.kill('SIGKILL')
  }
  const [code] = (await closed) as [number | null]
  if (code !== null && code !== 0) throw new Error(`the alerter ended with ${String(code)}: ${output}`)
  return output.includes('done')
}

async function judge({ db }: TestDatabase, peer: HttpPeer): Promise<Omit<ScriptReport, 'kills'>> {
  const { rows } = await db.query<{ id: string; rule: string; kind: string; state: string; place: string }>(
    `SELECT id, message -> 'alerts' -> 0 ->> 'rule' AS rule, kind, state, group_key || ' ' || receiver AS place
       FROM tds_notifications WHERE state <> 'merged' ORDER BY group_key, receiver, sequence`,
  )
  const arrivals = peer.requests.map(({ headers }) => String(headers['webhook-id']))
  const firsts = [...new Set(arrivals)]
  const told: Record<string, string[]> = {}
  for (const { rule, kind } of [...rows].sort((a, b) => firsts.indexOf(a.id) - firsts.indexOf(b.id)))
    (told[rule] ??= []).push(kind)
  const broken = rows.flatMap(({ id, state, place }, index) => {
    const before = rows[index - 1]
    const isLate = before?.place === place && firsts.indexOf(before.id) > firsts.indexOf(id)
    if (state !== 'delivered' || !firsts.includes(id)) return [`${id} is ${state}`]
    return isLate ? [`${id} arrived before ${before.id}`] : []
  })
  return { duplicates: arrivals.length - firsts.length, told, broken }
}

/** Numbers between 0 and 1 that look random and are the same for the same seed. */
function chances(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}
