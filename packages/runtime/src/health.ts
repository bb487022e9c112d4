import { messageOf } from './errors.ts'
import { childLogger } from './logger.ts'
import { collectProcessMetrics, gauge, metricsRegistry } from './metrics.ts'
import { problemBody, problemContentType } from './problem.ts'
import { redactText, redactValue, type SafeValue } from './redaction.ts'

const log = childLogger('runtime:health')

/** How well something does: degraded still does its work, unhealthy does not. */
export type HealthStatus = 'healthy' | 'degraded' | 'unhealthy'

/** What a check found. */
export interface HealthResult {
  status: HealthStatus
  /** One sentence for people; served without authentication, so nothing secret. */
  detail: string
  facts?: Record<string, unknown> | undefined
}

/** One named thing that is looked at. A check that throws, or takes longer than two seconds, is unhealthy. */
export interface HealthCheck {
  name: string
  check(): Promise<HealthResult> | HealthResult
}

/** Whether the daemon can do its work now, and if not why. */
export interface Readiness {
  ready: boolean
  detail: string
}

/** What `/health` answers. */
export interface HealthReport {
  /** The worst of all checks. */
  status: HealthStatus
  daemon: string
  version: string
  uptimeSeconds: number
  checks: { name: string; status: HealthStatus; detail: string; facts?: SafeValue }[]
}

/** The health of one daemon. */
export interface Health {
  report(): Promise<HealthReport>
  readiness(): Promise<Readiness>
}

/** What a daemon's health is made of. */
export interface HealthOptions {
  daemon: string
  version: string
  checks: readonly HealthCheck[]
  ready: () => Readiness | Promise<Readiness>
  /** Time for one check, default two seconds. */
  checkTimeoutMs?: number | undefined
}

/** Puts a daemon's checks together. Questions at the same time share one round of checks. */
export function createHealth({
  daemon,
  version,
  checks,
  ready,
  checkTimeoutMs = 2000,
}: HealthOptions): Health {
  const startedMs = performance.now()
  const guarded = checks.map((check) => guard(check, checkTimeoutMs))
  let running: Promise<HealthReport> | null = null
  collectProcessMetrics()
  gauge({
    name: 'tds_build_info',
    help: 'Always 1; the labels say which daemon in which version runs.',
    labelNames: ['daemon', 'version'],
  }).set({ daemon, version }, 1)

  async function makeReport(): Promise<HealthReport> {
    const results = await Promise.all(guarded.map((check) => check()))
    const uptimeSeconds = Math.floor((performance.now() - startedMs) / 1000)
    return {
      status: worst(results.map((result) => result.status)),
      daemon,
      version,
      uptimeSeconds,
      checks: results,
    }
  }

  return {
    report: () => {
      running ??= makeReport().finally(() => {
        running = null
      })
      return running
    },
    readiness: async () => {
      try {
        const { ready: isReady, detail } = await ready()
        return { ready: isReady, detail: redactText(detail) }
      } catch (error) {
        return { ready: false, detail: redactText(messageOf(error)) }
      }
    },
  }
}

/** An answer for whichever server mounts the endpoints. */
export interface HealthAnswer {
  status: number
  contentType: string
  body: string
}

/** The headers of a request, names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

/**
 * Answers `/health`, `/health/live`, `/health/ready` and `/metrics` by their path without query, and null for any
 * other. The same for every daemon: the api mounts it in its own server, the others use `healthServer`.
 */
export function healthEndpoints(
  health: Health,
): (path: string, headers: RequestHeaders) => Promise<HealthAnswer | null> {
  return async (path, headers) => {
    switch (path) {
      case '/health': {
        const report = await health.report()
        return json(report.status === 'unhealthy' ? 503 : 200, report)
      }
      case '/health/live':
        return json(200, { status: 'live' })
      case '/health/ready': {
        const readiness = await health.readiness()
        return json(readiness.ready ? 200 : 503, readiness)
      }
      case '/metrics':
        return isForwarded(headers) ? metricsRefused() : metrics()
      default:
        return null
    }
  }
}

const severity: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy']

function worst(statuses: readonly HealthStatus[]): HealthStatus {
  return severity[Math.max(0, ...statuses.map((status) => severity.indexOf(status)))] ?? 'unhealthy'
}

type CheckReport = HealthReport['checks'][number]

function guard(check: HealthCheck, timeoutMs: number): () => Promise<CheckReport> {
  let pending: Promise<HealthResult> | null = null
  return async () => {
    // A check that hangs is asked again only once it has let go: questions must not pile up behind it.
    pending ??= runCheck(check).finally(() => {
      pending = null
    })
    const { status, detail, facts } = await answerWithin(pending, timeoutMs)
    return {
      name: check.name,
      status,
      detail: redactText(detail),
      ...(facts === undefined ? {} : { facts: redactValue(facts) }),
    }
  }
}

async function runCheck(check: HealthCheck): Promise<HealthResult> {
  try {
    return await check.check()
  } catch (error) {
    log.warn('a health check threw', { check: check.name, error })
    return { status: 'unhealthy', detail: messageOf(error) }
  }
}

async function answerWithin(answer: Promise<HealthResult>, timeoutMs: number): Promise<HealthResult> {
  let timer: NodeJS.Timeout | undefined
  const tooSlow = new Promise<HealthResult>((resolve) => {
    timer = setTimeout(() => {
      resolve({ status: 'unhealthy', detail: `no answer within ${String(timeoutMs / 1000)} s` })
    }, timeoutMs)
  })
  try {
    return await Promise.race([answer, tooSlow])
  } finally {
    clearTimeout(timer)
  }
}

function isForwarded(headers: RequestHeaders): boolean {
  return Object.keys(headers).some((name) => /^(?:x-forwarded-.*|x-real-ip|forwarded)$/.test(name))
}

function metricsRefused(): HealthAnswer {
  const body = problemBody({
    status: 403,
    title: 'Forbidden',
    detail: 'Metrics are for direct requests; this one came through a proxy.',
  })
  return { status: 403, contentType: problemContentType, body }
}

async function metrics(): Promise<HealthAnswer> {
  return { status: 200, contentType: metricsRegistry.contentType, body: await metricsRegistry.metrics() }
}

function json(status: number, value: unknown): HealthAnswer {
  return { status, contentType: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}
