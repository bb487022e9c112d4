import { soloGate } from './solo-gate.ts'

describe('soloGate', () => {
  it('lets many pass together', async () => {
    const gate = soloGate()
    const both = Promise.withResolvers<undefined>()
    let inside = 0
    const enter = async (): Promise<void> => {
      inside += 1
      if (inside === 2) both.resolve(undefined)
      await both.promise
    }
    await Promise.all([gate.together(enter), gate.together(enter)])
    expect(inside).toBe(2)
  })

  it('lets one that wants to be alone wait for those inside, and holds back those who come later', async () => {
    const gate = soloGate()
    const order: string[] = []
    const first = Promise.withResolvers<undefined>()
    const running = gate.together(async () => {
      await first.promise
      order.push('first')
    })
    const alone = gate.alone(() => {
      order.push('alone')
      return Promise.resolve()
    })
    const later = gate.together(() => {
      order.push('later')
      return Promise.resolve()
    })
    first.resolve(undefined)
    await Promise.all([running, alone, later])
    expect(order).toEqual(['first', 'alone', 'later'])
  })

  it('runs those who want to be alone one after the other', async () => {
    const gate = soloGate()
    let inside = 0
    const alone = async (): Promise<number> => {
      inside += 1
      const seen = inside
      await Promise.resolve()
      inside -= 1
      return seen
    }
    expect(await Promise.all([gate.alone(alone), gate.alone(alone), gate.alone(alone)])).toEqual([1, 1, 1])
  })

  it('keeps one that wants to be alone from those who waited for another before it', async () => {
    const gate = soloGate()
    const order: string[] = []
    const visit = (name: string) => async (): Promise<void> => {
      order.push(`${name} in`)
      await new Promise((resolve) => setImmediate(resolve))
      order.push(`${name} out`)
    }
    await Promise.all([gate.alone(visit('a')), gate.together(visit('b')), gate.alone(visit('c'))])
    expect(order).toEqual(['a in', 'a out', 'b in', 'b out', 'c in', 'c out'])
  })

  it('opens again after a failure of whoever was inside', async () => {
    const gate = soloGate()
    await expect(gate.alone(() => Promise.reject(new Error('broke')))).rejects.toThrow('broke')
    await expect(gate.together(() => Promise.reject(new Error('broke too')))).rejects.toThrow('broke too')
    expect(await gate.alone(() => Promise.resolve('in'))).toBe('in')
  })
})
