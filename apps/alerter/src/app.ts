import { hostname } from 'node:os'
import { alertingService, allowsLoopbackIn, createReceivers, databaseGoneWatch } from '@tds/alerting'
import { deletionFuseCheck, watchDatabase } from '@tds/core'
import {
  daemonRegistry,
  databaseTime,
  isDatabaseUnavailable,
  openDatabase,
  verifyConnections,
  verifyDatabase,
  type Database,
} from '@tds/db'
import {
  childLogger,
  createHealth,
  describeConfig,
  freshnessCheck,
  healthServer,
  heartbeat,
  processChecks,
  service,
  serviceGroup,
  TDS_VERSION,
  untilReady,
  type DaemonControl,
  type HealthCheck,
  type Service,
} from '@tds/runtime'
import { alerterConfigSchema, type AlerterConfig } from './config.ts'

const log = childLogger('alerter:app')

/** The alerter, ready to be started. */
export interface Alerter extends Service {
  /** The port its health is served on; chosen by the system when configured as 0. */
  readonly healthPort: () => number
}

const beatEveryMs = 15_000
const poolSize = 4

/** From where on a figure degrades the alerter: after three missed heartbeats something is wrong. */
export const alerterThresholds = { secondsSinceBeat: { degraded: (3 * beatEveryMs) / 1000 } } as const

/** Wires the alerter: its health is served at once, and so is a look at Postgres; the rest starts when that is fit for use. */
export function createAlerter(config: AlerterConfig, control: DaemonControl): Alerter {
  log.info('configuration', describeConfig(alerterConfigSchema, config))
  const db = openDatabase({
    url: config.DATABASE_URL,
    directUrl: config.DATABASE_DIRECT_URL,
    applicationName: 'tds-alerter',
    poolSize,
    statementTimeoutMs: 10_000,
    transactionLimitMs: 20_000,
  })
  // Those of the pool end at the pooler where there is one.
  const connections = db.directUrl === db.url ? poolSize : 0
  const registration = daemonRegistry(db, {
    name: 'alerter',
    version: TDS_VERSION,
    host: hostname(),
    pid: process.pid,
    connections,
  })
  const vitals = watchDatabase(db)
  const receivers = createReceivers(config)
  const telling = {
    db,
    receivers,
    language: config.ALERT_LANGUAGE,
    environment: config.TDS_ENVIRONMENT,
    publicUrl: config.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
  }
  const alerting = alertingService({
    ...telling,
    daemonId: registration.id,
    timeZone: config.TDS_TIME_ZONE,
    deadManUrl: config.DEADMAN_URL ?? null,
    allowLoopback: allowsLoopbackIn(config.TDS_ENVIRONMENT),
  })
  const beats = heartbeat({ everyMs: beatEveryMs, ...registration })
  const gate = untilReady({
    name: 'database',
    attempt: async () => {
      await verifyDatabase(db)
      await verifyConnections(db, connections)
    },
    isTransient: isDatabaseUnavailable,
    service: serviceGroup('alerter-work', [beats, vitals, alerting]),
    onFailure: control.fail,
  })
  const health = createHealth({
    daemon: 'alerter',
    version: TDS_VERSION,
    checks: [
      databaseCheck(db),
      freshnessCheck({
        name: 'heartbeat',
        lastSuccessAt: beats.lastSuccessAt,
        maxAgeMs: alerterThresholds.secondsSinceBeat.degraded * 1000,
      }),
      deletionFuseCheck(db),
      ...alerting.checks,
      ...processChecks(),
      ...vitals.checks,
    ],
    ready: gate.readiness,
  })
  const server = healthServer({
    name: 'health-server',
    host: '127.0.0.1',
    port: config.ALERTER_HEALTH_PORT,
    portVariable: 'ALERTER_HEALTH_PORT',
    health,
  })
  const pool = service({ name: 'database-pool', start: () => undefined, stop: () => db.close() })
  // It watches from the first moment on, and does not wait for what it watches.
  const emergency = databaseGoneWatch(telling)
  return { ...serviceGroup('alerter', [pool, server, emergency, gate]), healthPort: server.port }
}

function databaseCheck(db: Database): HealthCheck {
  return {
    name: 'database',
    check: async () => {
      const askedMs = performance.now()
      await databaseTime(db)
      return {
        status: 'healthy',
        detail: `answered in ${String(Math.round(performance.now() - askedMs))} ms`,
      }
    },
  }
}
