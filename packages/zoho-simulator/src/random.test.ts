import { seededRandom } from './random.ts'

describe('seededRandom', () => {
  it('repeats itself for the same seed and differs for another', () => {
    const draws = (seed: string) => {
      const random = seededRandom(seed, 'x')
      return Array.from({ length: 20 }, () => random.between(1, 1_000_000))
    }
    expect(draws('a')).toEqual(draws('a'))
    expect(draws('a')).not.toEqual(draws('b'))
  })

  it('draws whole numbers from both ends of the range', () => {
    const random = seededRandom('range')
    const drawn = new Set(Array.from({ length: 200 }, () => random.between(3, 5)))
    expect([...drawn].sort()).toEqual([3, 4, 5])
  })

  it('follows the weights, and never draws what weighs nothing', () => {
    const random = seededRandom('weights')
    const drawn = Array.from({ length: 2000 }, () => random.weighted({ often: 9, seldom: 1, never: 0 }))
    const seldom = drawn.filter((key) => key === 'seldom').length
    expect(drawn).not.toContain('never')
    expect(seldom).toBeGreaterThan(120)
    expect(seldom).toBeLessThan(280)
  })

  it('shuffles without losing anything', () => {
    const list = [1, 2, 3, 4, 5, 6, 7, 8]
    const shuffled = seededRandom('shuffle').shuffled(list)
    expect(shuffled).not.toEqual(list)
    expect(shuffled.toSorted()).toEqual(list)
  })

  it('refuses to pick from nothing', () => {
    const random = seededRandom('none')
    expect(() => random.pick([])).toThrow(RangeError)
    expect(() => random.weighted({ a: 0 })).toThrow(RangeError)
  })
})
