export { connectionReserve, verifyConnections } from './connection-budget.ts'
export { daemonRegistry, type DaemonIdentity, type DaemonRegistration } from './daemon-registry.ts'
export { DatabaseConflict } from './database-conflict.ts'
export { classifyDatabaseError, isDatabaseConflict, isDatabaseUnavailable } from './database-errors.ts'
export { openDatabase, type Database, type DatabaseOptions, type PoolUse } from './database.ts'
export { deployMigrations, type DeployOptions } from './deploy-migrations.ts'
export { leaderDuty, type LeaderDutyOptions } from './leader-duty.ts'
export {
  leaseCandidate,
  type LeaderLease,
  type LeaseCandidate,
  type LeaseCandidateOptions,
} from './leader-lease.ts'
export type { Queryable, QueryOptions, Transaction } from './queryable.ts'
export { transactOrRehearse } from './rehearsal.ts'
export * from './sql/index.ts'
export { verifyDatabase } from './verify-database.ts'
