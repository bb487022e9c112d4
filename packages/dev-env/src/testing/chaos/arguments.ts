import { parseArgs } from 'node:util'

import { messageOf } from '@tds/runtime'

import { chaosFaults, type Fault } from './faults.ts'

/** What somebody wants of a run of chaos. */
export type ChaosWish =
  | {
      readonly kind: 'run'
      readonly seed: number
      readonly minutes: number
      readonly faults: readonly Fault[]
      readonly json: boolean
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problem: string }

const MOST_MINUTES = 120

/** Told by `--help`, and after a mistake. */
export const usage = `Breaks a real installation on a Postgres of its own, and proves that nothing is lost.

  pnpm chaos                   every fault once, and again for 3 minutes; exit 0 if everything held, else 1
      --minutes N              after the first round no fault begins later; 1 to ${String(MOST_MINUTES)}
      --seed N                 the same deliveries and order of faults again
      --faults NAME,NAME       only these
      --json                   the verdict as JSON
      --help                   this text

Faults:
${chaosFaults.map(({ name, scenario, about }) => `  ${name.padEnd(20)} ${scenario}  ${about}`).join('\n')}`

/** Reads the command line. Never throws: a mistake is a wish too. */
export function readChaosWish(args: readonly string[], seed: number): ChaosWish {
  try {
    const { values } = parseArgs({
      args: args.filter((argument) => argument !== '--'),
      options: {
        seed: { type: 'string' },
        minutes: { type: 'string', default: '3' },
        faults: { type: 'string' },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return { kind: 'help' }
    return {
      kind: 'run',
      seed: values.seed === undefined ? seed : wholeNumber('--seed', values.seed, { from: 0, to: 2 ** 31 }),
      minutes: wholeNumber('--minutes', values.minutes, { from: 1, to: MOST_MINUTES }),
      faults: faultsNamed(values.faults),
      json: values.json,
    }
  } catch (error) {
    return { kind: 'wrong', problem: messageOf(error).split('. ')[0] ?? '' }
  }
}

function wholeNumber(name: string, text: string, o: { readonly from: number; readonly to: number }): number {
  const value = /^\d+$/.test(text) ? Number(text) : NaN
  if (value >= o.from && value <= o.to) return value
  throw new RangeError(`${name} is a whole number from ${String(o.from)} to ${String(o.to)}, not ${text}`)
}

function faultsNamed(names: string | undefined): readonly Fault[] {
  if (names === undefined) return chaosFaults
  return names.split(',').map((name) => {
    const fault = chaosFaults.find((one) => one.name === name.trim())
    if (fault === undefined) throw new RangeError(`there is no fault ${name.trim()}`)
    return fault
  })
}
