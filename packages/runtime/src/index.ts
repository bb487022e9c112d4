export { backoffMs, type BackoffOptions } from './backoff.ts'
export { breaker, type Breaker, type BreakerOptions } from './breaker.ts'
export { systemClock, type Clock } from './clock.ts'
export {
  atLeastOneOf,
  byteSize,
  enumListOf,
  enumOf,
  fieldMeta,
  integer,
  port,
  sealingKeys,
  secret,
  secretList,
  timeZone,
  urlOf,
  type FieldMeta,
} from './config-fields.ts'
export {
  baseConfigSchema,
  sealingConfigSchema,
  webhookConfigSchema,
  zohoConfigSchema,
} from './config-schemas.ts'
export { describeConfig, loadConfig, type Environment } from './config.ts'
export {
  codeOf,
  ConfigError,
  isError,
  messageOf,
  TdsError,
  type ConfigProblem,
  type Disposition,
  type TdsErrorOptions,
} from './errors.ts'
export { freshnessCheck, type FreshnessOptions } from './freshness.ts'
export { healthServer, type HealthServer, type HealthServerOptions } from './health-server.ts'
export {
  createHealth,
  healthEndpoints,
  type Health,
  type HealthAnswer,
  type HealthCheck,
  type HealthOptions,
  type HealthReport,
  type HealthResult,
  type HealthStatus,
  type Readiness,
  type RequestHeaders,
} from './health.ts'
export { heartbeat, type HeartbeatOptions } from './heartbeat.ts'
export {
  httpClient,
  type HttpClient,
  type HttpClientOptions,
  type HttpRequest,
  type HttpResponse,
} from './http-client.ts'
export { currentLogContext, withLogContext, type LogContext } from './log-context.ts'
export { logLevels, type LogFormat, type LogLevel } from './log-line.ts'
export {
  childLogger,
  configureLogging,
  flushLogging,
  setLogLevel,
  type Logger,
  type LoggingOptions,
} from './logger.ts'
export { counter, gauge, histogram, metricsRegistry, type MetricOptions } from './metrics.ts'
export { poller, type Poller, type PollerOptions } from './poller.ts'
export { processChecks, processThresholds } from './process-checks.ts'
export { redactText, redactValue, registerSecret, type SafeValue } from './redaction.ts'
export { run, type BuildService, type Daemon, type DaemonControl, type RunOptions } from './run.ts'
export { openText, sealText, type SealingKeys } from './sealed-text.ts'
export { serviceGroup, type ServiceGroupOptions } from './service-group.ts'
export { service, stoppedWhileStarting, type Service, type ServiceOptions } from './service.ts'
export { untilReady, type ReadyGate, type UntilReadyOptions } from './until-ready.ts'
export { TDS_VERSION } from './version.ts'
