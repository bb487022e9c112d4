export { type EndToEnd, type EndToEndOptions, startEndToEnd } from './end-to-end.ts'
export { deliver, type HandMadeDelivery, type HookAnswer } from './hand-made-delivery.ts'
export { isRunning, untilGone } from './process-watch.ts'
export { waitUntil } from './wait-until.ts'
