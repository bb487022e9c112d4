export { captureLogs, type CapturedLogs } from './capture-logs.ts'
export { computingMs } from './computing-time.ts'
export { manualClock, type ManualClock } from './manual-clock.ts'
export { describeService, type ServiceUnderTest } from './service-contract.ts'
