import { simulatorClock } from '../clock.ts'
import { buildWorld, type WorldOptions } from '../world/build-world.ts'
import type { World } from '../world/world.ts'

/** A moment after everything in a new world, in milliseconds. */
export const testNow = Date.UTC(2026, 8, 1, 9, 30)

/** A small world on a clock that only moves when told. */
export function testWorld(options: Partial<WorldOptions> = {}): World {
  return buildWorld({
    seed: 'test',
    size: 'small',
    organizationId: '738204165',
    timeZone: 'Asia/Baghdad',
    clock: simulatorClock(() => testNow),
    ...options,
  })
}
