export { isRunning, untilGone } from './process-watch.ts'
export { waitUntil } from './wait-until.ts'
