import { readChaosWish, usage } from './arguments.ts'
import { chaosFaults } from './faults.ts'

describe('readChaosWish', () => {
  it('strikes with every fault for three minutes where nothing is said', () => {
    expect(readChaosWish([], 5)).toEqual({
      kind: 'run',
      seed: 5,
      minutes: 3,
      faults: chaosFaults,
      json: false,
    })
  })

  it('takes seed, time and faults', () => {
    const wish = readChaosWish(
      ['--', '--seed', '7', '--minutes', '1', '--faults', 'zoho-down, api-killed'],
      5,
    )
    expect(wish).toMatchObject({ seed: 7, minutes: 1 })
    expect(wish.kind === 'run' && wish.faults.map(({ name }) => name)).toEqual(['zoho-down', 'api-killed'])
  })

  it.each([
    [['--minutes', '0'], '--minutes is a whole number from 1 to 120, not 0'],
    [['--minutes', '1e3'], '--minutes is a whole number from 1 to 120, not 1e3'],
    [['--seed', 'x'], '--seed is a whole number from 0 to 2147483648, not x'],
    [['--faults', 'earthquake'], 'there is no fault earthquake'],
    [['--frob'], "Unknown option '--frob'"],
  ])('refuses %j and says what it expects', (args, problem) => {
    expect(readChaosWish(args, 5)).toEqual({ kind: 'wrong', problem })
  })

  it('lists every fault, each with a scenario and a name of its own, in its help', () => {
    expect(new Set(chaosFaults.map(({ name }) => name)).size).toBe(chaosFaults.length)
    for (const { name, scenario } of chaosFaults) expect(usage).toMatch(new RegExp(`${name} +${scenario}`))
    expect(readChaosWish(['--help'], 5)).toEqual({ kind: 'help' })
  })
})
