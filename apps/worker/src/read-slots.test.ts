import { createReadSlots, type ReadSlots } from './read-slots.ts'

describe('createReadSlots', () => {
  it('leaves half of the places to urgent reads while patient ones wait for their turn', async () => {
    const slots = createReadSlots(4)
    const patient = occupy(slots, 10)
    await patient.running(2)
    await expect(Promise.all([slots.urgent(done), slots.urgent(done)])).resolves.toEqual(['done', 'done'])
    expect(patient.started()).toBe(2)
    await patient.end()
    expect(patient.started()).toBe(10)
  })

  it('lets an urgent read through where there is one place only', async () => {
    const slots = createReadSlots(1)
    const patient = occupy(slots, 3)
    await patient.running(1)
    await expect(slots.urgent(done)).resolves.toBe('done')
    await patient.end()
  })

  it('gives a place back when a read fails', async () => {
    const slots = createReadSlots(2)
    await expect(slots.patient(() => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    await expect(slots.patient(done)).resolves.toBe('done')
  })
})

async function done(): Promise<string> {
  return Promise.resolve('done')
}

/** Patient reads that hold their places until they are told to end. */
function occupy(slots: ReadSlots, reads: number) {
  const held = Promise.withResolvers<undefined>()
  let count = 0
  let onStart: () => void = () => undefined
  const all = Array.from({ length: reads }, () =>
    slots.patient(async () => {
      count += 1
      onStart()
      await held.promise
    }),
  )
  return {
    started: () => count,
    running: (wanted: number) =>
      new Promise<void>((resolve) => {
        onStart = () => {
          if (count >= wanted) resolve()
        }
        onStart()
      }),
    end: async () => {
      held.resolve(undefined)
      await Promise.all(all)
    },
  }
}
