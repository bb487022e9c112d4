import { readFileSync } from 'node:fs'

/**
 * Moves the clock of the process that is started with `--import` of this file: by as many milliseconds as stand in the file
 * TDS_MOVED_CLOCK, which is looked at ten times a second, so that the clock can jump while the process runs. Steady time
 * (`performance.now()`, timers) goes on as ever, as it does where somebody sets a real clock.
 */
const file = process.env['TDS_MOVED_CLOCK'] ?? ''
const RealDate = Date
let movedByMs = readMove()

setInterval(() => {
  movedByMs = readMove()
}, 100).unref()

globalThis.Date = new Proxy(RealDate, {
  apply: () => new RealDate(now()).toString(),
  construct: (_target, given: unknown[]) =>
    given.length === 0 ? new RealDate(now()) : (Reflect.construct(RealDate, given) as Date),
  get: (target, key) => (key === 'now' ? now : (Reflect.get(target, key) as unknown)),
})

function now(): number {
  return RealDate.now() + movedByMs
}

function readMove(): number {
  return Number(readFileSync(file, 'utf8'))
}
