import { entities } from '@tds/core'
import { createSimulator } from '@tds/zoho-simulator'

import { firstDeliveries, seededChance } from './first-deliveries.ts'

describe('firstDeliveries', () => {
  const simulator = createSimulator({ size: 'small' })
  const { inTime, late } = firstDeliveries(simulator, seededChance(7))
  const all = [...inTime, ...late]

  it('tell of every record of the registered types, and change none', () => {
    const { records } = simulator.state()
    const versions = new Map(
      entities.flatMap(({ type }) =>
        simulator.truth(type).records.map(({ id, version }) => [id, version] as const),
      ),
    )
    expect(new Set(all.map(({ id }) => id)).size).toBe(
      entities.reduce((sum, { type }) => sum + records[type].living, 0),
    )
    expect(all.filter(({ id, version }) => versions.get(id) !== version)).toEqual([])
  })

  it('come in all forms, some of them twice, some of them late', () => {
    expect(new Set(all.map(({ shape }) => shape)).size).toBeGreaterThan(3)
    expect(new Set(all.map(({ encoding }) => encoding))).toEqual(new Set(['json', 'form']))
    expect(new Set(all).size).toBeLessThan(all.length)
    expect(late.length).toBeGreaterThan(0)
  })

  it('are the same for the same seed', () => {
    const again = firstDeliveries(createSimulator({ size: 'small' }), seededChance(7))
    expect(again.inTime.map(({ id, shape }) => [id, shape])).toEqual(
      inTime.map(({ id, shape }) => [id, shape]),
    )
  })
})
