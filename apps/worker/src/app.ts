import { hostname } from 'node:os'
import { alerterWatch, createReceivers } from '@tds/alerting'
import {
  createSettings,
  dataChecks,
  deletionFuseCheck,
  listReadsCheck,
  pipelineChecks,
  queueUpkeepCheck,
  watchDatabase,
  webhookChecks,
  type DeliveryLedger,
  type RecordSource,
} from '@tds/core'
import {
  classifyDatabaseError,
  daemonRegistry,
  openDatabase,
  verifyConnections,
  verifyDatabase,
} from '@tds/db'
import { createQueue, queueConnections } from '@tds/queue'
import {
  childLogger,
  configureLogging,
  createHealth,
  describeConfig,
  healthServer,
  heartbeat,
  loadConfig,
  processChecks,
  service,
  serviceGroup,
  TDS_VERSION,
  untilReady,
  type Daemon,
  type DaemonControl,
  type Environment,
} from '@tds/runtime'
import { workerConfigSchema, type WorkerConfig } from './config.ts'
import { createLanes } from './lanes.ts'
import { applyEvents } from './loops/apply-events.ts'
import { callGauges } from './loops/call-gauges.ts'
import { watchConservation } from './loops/conservation.ts'
import { driftRecorder, qualityChecker } from './loops/data-watchers.ts'
import { deletionsGauge } from './loops/deletions-gauge.ts'
import { metricsRecorder } from './loops/metrics-recorder.ts'
import { owedReadsGauge } from './loops/owed-reads-gauge.ts'
import { performRuns } from './loops/perform-runs.ts'
import { readPatiently } from './loops/read-patiently.ts'
import { readRecords } from './loops/read-records.ts'
import { deadLettersGauge, letterHealer, replayDuty } from './loops/replays.ts'
import { heldReadsRescuer, inboxSweeper, leaseRescuer } from './loops/rescuers.ts'
import { retentionDuty } from './loops/retention.ts'
import { stallWatch } from './loops/stall-watch.ts'
import { ledgerSweeper, missRatioGauge, sightJudge, webhookCounter } from './loops/webhook-watchers.ts'
import { createReadSlots } from './read-slots.ts'
import { soloGate } from './solo-gate.ts'
import { connectZoho } from './zoho-connection.ts'

/** Parts that tests put in place of the real ones. */
export interface WorkerOverrides {
  readonly source?: RecordSource
  readonly ledger?: DeliveryLedger
}

/** The worker, and where it answers `/health` once it has started. */
export interface WorkerService extends Daemon {
  readonly healthPort: () => number
}

/** Builds the worker from its environment, for `run()`. Throws ConfigError with every problem at once. */
export function workerFromEnvironment(env: Environment, control: DaemonControl): WorkerService {
  const config = loadConfig(workerConfigSchema, env)
  configureLogging({ daemon: 'worker', level: config.LOG_LEVEL, format: config.LOG_FORMAT })
  childLogger('worker:app').info('configuration', describeConfig(workerConfigSchema, config))
  return createWorker(config, control)
}

/** Wires the worker: health first, so that it can tell what it waits for; then, once Postgres is there, everything that works. */
export function createWorker(
  config: WorkerConfig,
  control: DaemonControl,
  overrides: WorkerOverrides = {},
): WorkerService {
  const poolSize = config.ZOHO_MAX_IN_FLIGHT + 6
  const db = openDatabase({
    url: config.DATABASE_URL,
    directUrl: config.DATABASE_DIRECT_URL,
    applicationName: 'tds-worker',
    poolSize,
    // Nobody waits for a worker's answer, and over a bad way it gets no connection in less.
    connectionTimeoutMs: 10_000,
    statementTimeoutMs: 20_000,
    idleInTransactionTimeoutMs: 20_000,
    transactionLimitMs: 20_000,
    keyedLookups: true,
  })
  // Those of the pool end at the pooler where there is one.
  const neededConnections = queueConnections.worker + (db.directUrl === db.url ? poolSize : 0)
  const queue = createQueue({ db, role: 'worker' })
  const registry = daemonRegistry(db, {
    name: 'worker',
    version: TDS_VERSION,
    host: hostname(),
    pid: process.pid,
    connections: neededConnections,
  })
  const settings = createSettings(db)
  const zoho = connectZoho(config, { db, daemonId: registry.id, settings })
  const source = overrides.source ?? zoho.source
  const lanes = createLanes()
  const parts = { db, queue, daemonId: registry.id, lanes }
  const conservation = watchConservation(parts)
  const reading = { ...parts, source, slots: createReadSlots(config.ZOHO_MAX_IN_FLIGHT) }
  const ledgerMinutes = () => settings.number('ledger_sweep_minutes')
  const watching = {
    ...parts,
    ledger: overrides.ledger ?? zoho.ledger,
    organizationId: config.ZOHO_ORGANIZATION_ID,
    ledgerMinutes,
  }
  const retry = () => ({
    maxAttempts: settings.number('max_retry_attempts'),
    baseMs: settings.number('retry_backoff_base_ms'),
    maxMs: settings.number('retry_backoff_max_ms'),
  })

  const gated = { ...parts, retry, gate: soloGate() }
  const vitals = watchDatabase(db)
  const receivers = createReceivers(config)
  const telling = { language: config.ALERT_LANGUAGE, environment: config.TDS_ENVIRONMENT, publicUrl: null }
  const stalls = stallWatch({ queue, db, onStall: control.fail })

  const work = serviceGroup('worker:work', [
    heartbeat({ everyMs: 5_000, ...registry }),
    settings,
    queue,
    leaseRescuer(parts),
    inboxSweeper(parts),
    heldReadsRescuer(parts, { perDay: config.ZOHO_CALLS_PER_DAY }),
    applyEvents({ ...gated, batchSize: () => settings.number('batch_size') }),
    readRecords(reading),
    readPatiently(reading),
    owedReadsGauge(parts),
    performRuns({
      ...parts,
      source,
      settings,
      organizationId: config.ZOHO_ORGANIZATION_ID,
      timeZone: config.TDS_TIME_ZONE,
    }),
    deletionsGauge(parts),
    qualityChecker(parts),
    driftRecorder(parts),
    callGauges(parts),
    conservation.service,
    metricsRecorder(parts),
    retentionDuty(parts),
    replayDuty(gated),
    letterHealer({ ...parts, settings, organizationId: config.ZOHO_ORGANIZATION_ID }),
    deadLettersGauge(parts),
    webhookCounter(watching),
    sightJudge(watching),
    ledgerSweeper(watching),
    missRatioGauge(watching),
    ...(receivers.length === 0 ? [] : [alerterWatch({ ...parts, receivers, ...telling })]),
    vitals,
    stalls,
  ])
  const gate = untilReady({
    name: 'database',
    attempt: async () => {
      await verifyDatabase(db)
      await verifyConnections(db, neededConnections)
    },
    isTransient: (error) => classifyDatabaseError(error).disposition === 'retry',
    service: work,
    onFailure: control.fail,
  })
  const health = createHealth({
    daemon: 'worker',
    version: TDS_VERSION,
    checks: [
      ...pipelineChecks(db),
      ...dataChecks(db),
      ...webhookChecks(db, { timeZone: config.TDS_TIME_ZONE, ledgerMinutes }),
      ...zoho.checks,
      listReadsCheck(db),
      ...processChecks(),
      ...vitals.checks,
      conservation.check,
      deletionFuseCheck(db),
      queueUpkeepCheck(queue),
    ],
    ready: gate.readiness,
  })
  const server = healthServer({
    name: 'worker',
    host: '127.0.0.1',
    port: config.WORKER_HEALTH_PORT,
    portVariable: 'WORKER_HEALTH_PORT',
    health,
  })
  const pool = service({ name: 'database', start: () => undefined, stop: () => db.close() })
  return {
    ...serviceGroup('worker', [pool, server, gate]),
    healthPort: server.port,
    isProgressing: stalls.isProgressing,
  }
}
