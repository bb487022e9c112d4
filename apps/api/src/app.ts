import { hostname } from 'node:os'
import { createIntake, entities, storeSpooled, watchDatabase } from '@tds/core'
import {
  classifyDatabaseError,
  daemonRegistry,
  openDatabase,
  verifyConnections,
  verifyDatabase,
} from '@tds/db'
import { createQueue, queueConnections } from '@tds/queue'
import {
  configureLogging,
  createHealth,
  describeConfig,
  childLogger,
  heartbeat,
  loadConfig,
  processChecks,
  service,
  serviceGroup,
  TDS_VERSION,
  untilReady,
  type DaemonControl,
  type Environment,
  type Readiness,
  type Service,
} from '@tds/runtime'
import { apiConfigSchema, publicUrl, type ApiConfig } from './config.ts'
import { databaseWatch } from './database-watch.ts'
import { openApiDocument } from './docs/openapi-document.ts'
import { apiChecks } from './health/api-checks.ts'
import { createListener } from './http/application.ts'
import { httpServer } from './http/http-server.ts'
import { senderReader } from './http/sender.ts'
import { spoolDrain } from './spool/drain-spool.ts'
import { spoolFacts } from './spool/spool-facts.ts'
import { createSpool, type SpoolOptions } from './spool/spool.ts'
import { refusalCounts } from './webhooks/refusal-counts.ts'
import { refusals } from './webhooks/refusals.ts'
import { webhookHandler } from './webhooks/webhook-handler.ts'
import { webhookRoutes } from './webhooks/webhook-routes.ts'

/** The api daemon. */
export interface Api extends Service {
  /** Where it listens; API_PORT=0 lets the system choose. */
  port(): number
}

/** What a test may set otherwise than the product does. */
export interface ApiOverrides {
  /** Told of an error after the start that no waiting cures. */
  readonly onFailure?: ((error: unknown) => void) | undefined
  /** Time within which a delivery is stored in Postgres or given up on there, in milliseconds. */
  readonly intakeDeadlineMs?: number | undefined
  /** How the spool is watched and measured. */
  readonly spool?: Partial<SpoolOptions> | undefined
  /** Time for a request to arrive, in milliseconds. */
  readonly requestMs?: number | undefined
}

/** Builds the api from its environment, for `run()`. Throws ConfigError with every problem at once. */
export function apiFromEnvironment(env: Environment, control: DaemonControl): Api {
  const config = loadConfig(apiConfigSchema, env)
  configureLogging({ daemon: 'api', level: config.LOG_LEVEL, format: config.LOG_FORMAT })
  childLogger('api:app').info('configuration', describeConfig(apiConfigSchema, config))
  return createApi(config, { onFailure: control.fail })
}

const poolSize = 10

/** Wires the api together: the only place that knows all of its parts. */
export function createApi(config: ApiConfig, overrides: ApiOverrides = {}): Api {
  const db = openDatabase({
    url: config.DATABASE_URL,
    directUrl: config.DATABASE_DIRECT_URL,
    applicationName: 'tds-api',
    poolSize,
    statementTimeoutMs: 4000,
    transactionLimitMs: 20_000,
    // The intake has another way round a row that somebody holds, and should not spend its three seconds on waiting.
    lockTimeoutMs: 250,
  })
  const queue = createQueue({ db, role: 'sender' })
  // Those of the pool end at the pooler where there is one.
  const connections = queueConnections.sender + (db.directUrl === db.url ? poolSize : 0)
  const daemon = daemonRegistry(db, {
    name: 'api',
    version: TDS_VERSION,
    host: hostname(),
    pid: process.pid,
    connections,
  })
  const watch = databaseWatch(db)
  const vitals = watchDatabase(db)
  const intake = createIntake({ db, queue, daemonId: daemon.id, deadlineMs: overrides.intakeDeadlineMs })
  const refusedCounts = refusalCounts({
    db,
    daemonId: daemon.id,
    isDatabaseAway: () => watch.problem() !== null,
  })
  const refused = refusals({
    count: (refusal) => {
      refusedCounts.note(refusal)
    },
  })
  const spool = createSpool({ dir: config.SPOOL_DIR, limit: config.SPOOL_LIMIT, ...overrides.spool })
  const drain = spoolDrain({
    spool,
    databaseTime: () => (watch.problem() === null ? watch.now() : null),
    // A lane beside those of live intake: counter rows are of one lane alone.
    store: async (events, onSetback) =>
      storeSpooled({ db, queue, mover: { daemonId: daemon.id, lane: 2 }, onSetback }, events),
  })

  const gate = untilReady({
    name: 'database',
    attempt: async () => {
      await verifyDatabase(db)
      await verifyConnections(db, connections)
    },
    isTransient: (error) => classifyDatabaseError(error).disposition === 'retry',
    service: serviceGroup('api-intake', [
      queue,
      heartbeat({ everyMs: 15_000, ...daemon, beat: () => daemon.beat(spoolFacts(spool.state())) }),
      intake,
      drain,
      vitals,
      refusedCounts,
    ]),
    onFailure: overrides.onFailure ?? ignore,
  })
  const health = createHealth({
    daemon: 'api',
    version: TDS_VERSION,
    checks: [...apiChecks(db, { watch, spool, drain }), ...processChecks(), ...vitals.checks],
    ready: readiness,
  })

  const senderOf = senderReader(config.TRUSTED_PROXIES)
  const webhooks = webhookHandler({
    routes: webhookRoutes(entities),
    intake,
    spool,
    isDatabaseAway: () => watch.problem() !== null,
    refusals: refused,
    secrets: {
      signatureSecrets: config.ZOHO_WEBHOOK_SECRETS,
      keys: config.WEBHOOK_API_KEYS,
      signatureVariants: config.ZOHO_SIGNATURE_VARIANTS,
    },
    organizationId: config.ZOHO_ORGANIZATION_ID,
    bodyLimit: config.WEBHOOK_BODY_LIMIT,
    senderOf,
    now: () => watch.now(),
    isDraining,
  })
  const openApi = openApiDocument(publicUrl(config))
  const server = httpServer({
    host: config.API_HOST,
    port: config.API_PORT,
    listener: createListener({ webhooks, health, openApi, senderOf, isDraining }),
    requestMs: overrides.requestMs,
  })

  // Stopped from the end: first the door, then what came in through it, at last the database.
  const parts = [closing('database', () => db.close()), refused, watch, spool, gate, server]
  return { ...serviceGroup('api', parts, { stopTimeoutMs: 25_000 }), port: () => server.port() }

  function readiness(): Readiness {
    if (isDraining()) return { ready: false, detail: 'stopping' }
    const inbox = inboxReadiness()
    const unspoolable = spool.state().problem
    if (inbox.ready || unspoolable !== null) return inbox
    return { ready: true, detail: `deliveries are spooled: ${inbox.detail}` }
  }

  function inboxReadiness(): Readiness {
    const problem = watch.problem()
    const behindGate = gate.readiness()
    if (!behindGate.ready || problem === null) return behindGate
    return { ready: false, detail: `the database does not answer: ${problem}` }
  }

  function isDraining(): boolean {
    return server.isDraining()
  }
}

function closing(name: string, close: () => Promise<void>): Service {
  return service({ name, start: () => undefined, stop: close })
}

function ignore(): void {
  // Nobody to tell: whoever starts an api without run() watches its readiness.
}
