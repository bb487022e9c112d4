export { blackHoleProxy, type BlackHoleProxy } from './black-hole-proxy.ts'
export type { Loss } from './lossy-way.ts'
export { takeOverClock, type TestClock } from './test-clock.ts'
export { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from './test-database.ts'
