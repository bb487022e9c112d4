import { setImmediate } from 'node:timers/promises'
import type { Service } from '../service.ts'

/** What a test builds for each claim: the service, and how to clear away what it needed. */
export interface ServiceUnderTest {
  service: Service
  cleanUp?: () => Promise<void> | void
}

/**
 * The claims of `Service`, made of any implementation: `describeService('healthServer', () => ({ service }))`.
 * `build` gives a fresh, unstarted service each time.
 */
export function describeService(
  name: string,
  build: () => Promise<ServiceUnderTest> | ServiceUnderTest,
): void {
  describe(`${name} as a service`, () => {
    async function withService(use: (service: Service) => Promise<void>): Promise<void> {
      const { service, cleanUp } = await build()
      try {
        await use(service)
      } finally {
        await service.stop()
        await cleanUp?.()
      }
    }

    it('has a name', () =>
      withService((service) => {
        expect(service.name).toMatch(/\S/)
        return Promise.resolve()
      }))

    it('starts and stops', () =>
      withService(async (service) => {
        await expect(service.start()).resolves.toBeUndefined()
        await expect(service.stop()).resolves.toBeUndefined()
      }))

    it('takes a stop before any start as nothing to do', () =>
      withService(async (service) => {
        await expect(service.stop()).resolves.toBeUndefined()
        await expect(service.start()).resolves.toBeUndefined()
      }))

    it('takes a second stop as nothing to do, later and at the same time', () =>
      withService(async (service) => {
        await service.start()
        await expect(Promise.all([service.stop(), service.stop()])).resolves.toHaveLength(2)
        await expect(service.stop()).resolves.toBeUndefined()
      }))

    it('takes a second start as nothing to do, later and at the same time', () =>
      withService(async (service) => {
        await expect(Promise.all([service.start(), service.start()])).resolves.toHaveLength(2)
        await expect(service.start()).resolves.toBeUndefined()
      }))

    it('is stopped when stop returns, also when it was still starting', () =>
      withService(async (service) => {
        for (let turns = 0; turns < 5; turns += 1) {
          const start = service.start().catch(() => undefined)
          for (let turn = 0; turn < turns; turn += 1) await setImmediate()
          await expect(service.stop()).resolves.toBeUndefined()
          await start
        }
      }))

    it('can be started again after a stop, many times', () =>
      withService(async (service) => {
        for (let round = 0; round < 5; round += 1) {
          await service.start()
          await service.stop()
        }
        await expect(service.start()).resolves.toBeUndefined()
      }))

    it('obeys the last word when start and stop are called in any mixture', () =>
      withService(async (service) => {
        const calls = [0, 1, 2, 3, 4, 5, 6, 7].map((call) =>
          call % 2 === 0 ? service.start().catch(() => undefined) : service.stop(),
        )
        await Promise.all(calls)
        await expect(service.start()).resolves.toBeUndefined()
        await expect(service.stop()).resolves.toBeUndefined()
      }))
  })
}
