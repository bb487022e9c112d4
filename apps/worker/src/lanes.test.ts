import { createLanes } from './lanes.ts'

describe('createLanes', () => {
  it('never gives one number to two at a time, and gives it again afterwards', async () => {
    const lanes = createLanes()
    const held = Promise.withResolvers<undefined>()
    const seen: number[] = []
    const work = async (lane: number): Promise<void> => {
      seen.push(lane)
      await held.promise
    }
    const running = [lanes.run(work), lanes.run(work), lanes.run(work)]
    held.resolve(undefined)
    await Promise.all(running)
    expect(seen).toEqual([0, 1, 2])
    expect(await lanes.run((lane) => Promise.resolve(lane))).toBe(0)
  })

  it('takes a number back from work that fails', async () => {
    const lanes = createLanes()
    await expect(lanes.run(() => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    expect(await lanes.run((lane) => Promise.resolve(lane))).toBe(0)
  })
})
