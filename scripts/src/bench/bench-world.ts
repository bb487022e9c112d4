import { fork, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { createIntake, readZohoTime, sha256Hex, usableEvent } from '@tds/core'
import { deployMigrations, openDatabase, type Database } from '@tds/db'
import {
  bareEnvironment,
  claimPorts,
  makeRunDirectory,
  providePostgres,
  quietSchedules,
  startDaemon,
  type Daemon,
  type RecordBody,
} from '@tds/dev-env'
import { createQueue, installQueueSchema } from '@tds/queue'
import { benchOrganization, benchSecret } from './bodies.ts'

/** A database of its own on a real server, and the daemons that a benchmark asks for as real processes, as `pnpm build` made them. */
export interface BenchWorld {
  readonly db: Database
  startApi(): Promise<{ readonly url: string; readonly daemon: Daemon }>
  /** `settings` stand over those of the bench; without any it reaches no Zoho. */
  startWorker(settings?: Readonly<Record<string, string>>): Promise<Daemon>
  /** The peer of the intake, in a process of its own. */
  startPlainHandler(): Promise<string>
  /** Puts complete events into the inbox with their jobs, as the api does, without HTTP; answers with their ids. */
  fill(bodies: Iterable<RecordBody>): Promise<string[]>
  /** Resolves when no event waits any more, with the time it took from now on, in seconds. */
  drained(): Promise<number>
  /** Runs the operator's command in a process of its own with this standard input; answers with its standard output. */
  runTds(args: readonly string[], input: string): Promise<string>
  close(): Promise<void>
}

/** Makes a world: Postgres as `demo` would start it, with its default durability. */
export async function createBenchWorld(): Promise<BenchWorld> {
  // eslint-disable-next-line no-restricted-properties -- the entry of a command, which has no run() around it
  const surroundings = process.env
  const postgres = await providePostgres(surroundings)
  const name = `tds_bench_${randomBytes(4).toString('hex')}`
  const admin = openDatabase({ url: postgres.url, applicationName: 'tds-bench', poolSize: 1 })
  await admin.query(`CREATE DATABASE ${name}`)
  const url = postgres.adminUrl(name)
  await deployMigrations({ url, before: () => installQueueSchema(url) })
  const db = openDatabase({ url, applicationName: 'tds-bench', poolSize: 6, statementTimeoutMs: 120_000 })
  await quietSchedules(db)
  const ports = await claimPorts(8)
  const run = await makeRunDirectory('bench')
  const daemons: Daemon[] = []
  let plain: ChildProcess | null = null

  const env = {
    ...bareEnvironment(surroundings),
    DATABASE_URL: url,
    LOG_LEVEL: 'warn',
    ZOHO_ORGANIZATION_ID: benchOrganization,
    ZOHO_WEBHOOK_SECRETS: benchSecret,
    ZOHO_CLIENT_ID: 'bench',
    ZOHO_CLIENT_SECRET: 'bench-client-secret',
    ZOHO_REFRESH_TOKEN: 'bench-refresh-token',
    ZOHO_ACCOUNTS_URL: 'http://127.0.0.1:9',
    ZOHO_API_URL: 'http://127.0.0.1:9',
    SPOOL_DIR: run.spool,
    TDS_ENCRYPTION_KEY: 'b0'.repeat(31).concat('01'),
  }
  async function start(name: string, app: string, o: { port: number; env: Record<string, string> }) {
    const readyUrl = `http://127.0.0.1:${String(o.port)}/health/ready`
    const daemon = await startDaemon({
      name,
      app,
      env: { ...env, ...o.env },
      readyUrl,
      logs: run.logs,
      built: true,
    })
    daemons.push(daemon)
    await daemon.untilReady()
    return daemon
  }

  return {
    db,
    startApi: async () => {
      const port = ports.take()
      const daemon = await start('api', 'apps/api', { port, env: { API_PORT: String(port) } })
      return { url: `http://127.0.0.1:${String(port)}`, daemon }
    },
    startWorker: async (settings = {}) => {
      const port = ports.take()
      return start('worker', 'apps/worker', { port, env: { ...settings, WORKER_HEALTH_PORT: String(port) } })
    },
    startPlainHandler: async () => {
      const port = ports.take()
      plain = fork(new URL('./plain-handler.ts', import.meta.url), [String(port), benchSecret, url])
      await once(plain, 'message')
      return `http://127.0.0.1:${String(port)}`
    },
    fill: (bodies) => fill(db, bodies),
    drained: () => drained(db),
    runTds: (args, input) => runTds(args, { input, env }),
    close: async () => {
      for (const daemon of daemons.reverse()) await daemon.stop()
      if (plain !== null) await endPlainHandler(plain)
      await db.close()
      await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
      await admin.close()
      await ports.release()
      await postgres.stop()
    },
  }
}

async function runTds(
  args: readonly string[],
  o: { readonly input: string; readonly env: Readonly<Record<string, string>> },
): Promise<string> {
  const program = fileURLToPath(new URL('../tds.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=tds-source', program, ...args], {
    env: { ...o.env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(o.input)
  const [out] = await Promise.all([text(child.stdout), once(child, 'close')])
  return out
}

/** It lets go of its connections before the database is dropped under them. */
async function endPlainHandler(plain: ChildProcess): Promise<void> {
  const ended = once(plain, 'exit')
  plain.disconnect()
  await ended
}

async function fill(db: Database, bodies: Iterable<RecordBody>): Promise<string[]> {
  const queue = createQueue({ db, role: 'sender' })
  await queue.start()
  const intake = createIntake({
    db,
    queue,
    daemonId: randomUUID(),
    maxBatch: 500,
    maxHeld: 1_000_000,
    maxHeldBytes: 4 * 1024 ** 3,
    deadlineMs: 600_000,
  })
  await intake.start()
  const ids: string[] = []
  for (const part of inParts(bodies, 5000)) {
    const events = part.map(eventOf)
    await Promise.all(events.map((event) => intake.accept(event)))
    ids.push(...events.map((event) => event.id))
  }
  await intake.stop()
  await queue.stop()
  await db.query('ANALYZE tds_inbox_events')
  return ids
}

/** A backlog of any size is never in memory as a whole. */
function* inParts<T>(all: Iterable<T>, size: number): Generator<T[]> {
  let part: T[] = []
  for (const one of all) {
    part.push(one)
    if (part.length < size) continue
    yield part
    part = []
  }
  if (part.length > 0) yield part
}

function eventOf({ type, id, version, body }: RecordBody) {
  return usableEvent(
    {
      organizationId: benchOrganization,
      sourceType: 'zoho',
      entityType: type,
      rawBody: Buffer.from(body),
      headers: { 'content-type': 'application/json' },
      remoteAddress: null,
      signatureVerified: true,
      requestId: null,
    },
    {
      operation: 'update',
      sourceEntityId: id,
      sourceVersion: readZohoTime(version),
      contentHash: sha256Hex(body),
      payloadText: body,
      flags: [],
    },
  )
}

async function drained(db: Database): Promise<number> {
  const startedAt = performance.now()
  for (;;) {
    const { rows } = await db.query(
      `SELECT 1 FROM tds_inbox_events WHERE status IN ('pending', 'processing', 'retry') LIMIT 1`,
    )
    if (rows.length === 0) return (performance.now() - startedAt) / 1000
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** Resident memory of a process at its highest so far, in MB; Linux only, NaN elsewhere. */
export async function peakMemory(pid: number): Promise<number> {
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8').catch(() => '')
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? NaN) / 1024
}
