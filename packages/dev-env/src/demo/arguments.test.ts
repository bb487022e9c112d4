import { readDemoWish } from './arguments.ts'

describe('readDemoWish', () => {
  it.each([
    [[], { kind: 'play', once: false, size: 'customer' }],
    [['--once'], { kind: 'play', once: true, size: 'customer' }],
    [['--', '--once', '--size', 'small'], { kind: 'play', once: true, size: 'small' }],
    [['--help'], { kind: 'help' }],
    [['-h', '--once'], { kind: 'help' }],
    [['--sql', 'SELECT 1'], { kind: 'sql', statement: 'SELECT 1' }],
  ])('understands %j', (args, wish) => {
    expect(readDemoWish(args)).toEqual(wish)
  })

  it.each([
    [['--onse'], "Unknown option '--onse'"],
    [['now'], "Unexpected argument 'now'"],
    [['--size', 'huge'], '--size is customer or small, not huge'],
    [['--sql', ''], '--sql needs a statement'],
    [['--sql', 'SELECT 1', '--once'], '--sql asks a demo that runs'],
  ])('says in one sentence what is wrong with %j', (args, problem) => {
    expect(readDemoWish(args)).toEqual({ kind: 'wrong', problem: expect.stringContaining(problem) })
  })
})
