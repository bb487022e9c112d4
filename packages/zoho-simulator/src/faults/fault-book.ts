import type { SimulatorClock } from '../clock.ts'
import { InvalidInputError } from '../invalid-input-error.ts'
import { seededRandom, type Random } from '../random.ts'
import { faultParameters, type FaultNumbers, type FaultParameters } from './fault.ts'
import { faultNames, faults, type FaultName } from './faults.ts'
import { pathTest } from './path-test.ts'

/** Which calls meet a fault. Whatever is not given lets every call in. */
export interface FaultRule extends Partial<{ [Name in keyof FaultParameters]: number | undefined }> {
  fault: FaultName
  /** A whole path, in which `*` stands for anything: `/books/v3/invoices/*`. Default: every call of the two products. */
  path?: string | undefined
  method?: string | undefined
  /** So many matching calls pass unharmed first. */
  after?: number | undefined
  /** The rule ends when it has met so many calls. */
  next?: number | undefined
  /** Which share of the matching calls it meets, by chance. */
  share?: number | undefined
  /** What makes that chance repeat itself. */
  seed?: string | number | undefined
  /** The rule ends after so many seconds of the simulator's clock. */
  forSeconds?: number | undefined
}

/** A rule as it stands. */
export interface StandingRule {
  id: string
  rule: FaultRule
  /** How many calls matched, and how many of them met the fault. */
  matched: number
  met: number
}

/** A call as far as rules look at it. */
export interface RuledCall {
  method: string
  /** With its root. */
  path: string
  isList: boolean
}

/** A fault that a call meets. */
export interface MetFault {
  name: FaultName
  numbers: FaultNumbers
}

/** The rules of what goes wrong. */
export interface FaultBook {
  /** Adds a rule behind those there are and answers its id; throws InvalidInputError on one that cannot be. */
  add(rule: FaultRule): string
  /** Sets the one rule that comes before all others, under the id `down`: Zoho is away. */
  goDown(rule: Pick<FaultRule, 'fault' | 'path' | 'forSeconds' | 'status'>): void
  /** Ends one rule, or all; throws InvalidInputError where there is none of that id. */
  remove(id?: string): void
  rules(): StandingRule[]
  /** The fault that the first fitting rule has for a call. At most one rule meets a call. */
  meet(call: RuledCall): MetFault | null
}

/** Opens a book without rules. */
export function faultBook(clock: SimulatorClock, seed: string | number): FaultBook {
  let entries: Entry[] = []
  let made = 0
  const open = (id: string, rule: FaultRule): Entry => {
    checkRule(rule)
    const endsMs = rule.forSeconds === undefined ? Infinity : clock.nowMs() + rule.forSeconds * 1000
    const random = seededRandom(rule.seed ?? `${seed} ${id}`, 'faults')
    return { id, rule, matched: 0, met: 0, endsMs, random, fits: pathTest(rule.path ?? products) }
  }
  const living = () => {
    entries = entries.filter(
      ({ endsMs, rule, met }) => clock.nowMs() < endsMs && met < (rule.next ?? Infinity),
    )
    return entries
  }
  return {
    add: (rule) => {
      const entry = open(`fault-${++made}`, rule)
      entries.push(entry)
      return entry.id
    },
    goDown: (rule) => {
      const entry = open('down', rule)
      entries = [entry, ...entries.filter(({ id }) => id !== 'down')]
    },
    remove: (id) => {
      if (id !== undefined && !living().some((entry) => entry.id === id)) {
        throw new InvalidInputError(`There is no rule ${id}, or it has ended`)
      }
      entries = id === undefined ? [] : entries.filter((entry) => entry.id !== id)
    },
    rules: () => living().map(({ id, rule, matched, met }) => ({ id, rule, matched, met })),
    meet: (call) => {
      const entry = living().find((candidate) => meets(candidate, call))
      if (entry === undefined) return null
      entry.met++
      return { name: entry.rule.fault, numbers: numbersOf(entry.rule) }
    },
  }
}

interface Entry extends StandingRule {
  endsMs: number
  random: Random
  fits: (path: string) => boolean
}

const products = ['/books/v3/*', '/inventory/v1/*'].join('|')

function meets(entry: Entry, { method, path, isList }: RuledCall): boolean {
  const { rule, random, fits } = entry
  const { bend, ask } = faults[rule.fault]
  const listsOnly = bend !== undefined || ask !== undefined
  if (!fits(path) || (rule.method ?? method) !== method || (listsOnly && !isList)) return false
  entry.matched++
  if (entry.matched <= (rule.after ?? 0)) return false
  return rule.share === undefined || random.chance(rule.share)
}

function numbersOf(rule: FaultRule): FaultNumbers {
  const { parameters = {} } = faults[rule.fault]
  const names = Object.keys(parameters) as (keyof FaultParameters)[]
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = rule[name] ?? parameters[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function checkRule(rule: FaultRule): void {
  if (!faultNames.includes(rule.fault)) {
    throw new InvalidInputError(`There is no fault ${rule.fault}; there is ${faultNames.join(', ')}`)
  }
  const { parameters = {} } = faults[rule.fault]
  for (const name of faultParameters) {
    if (rule[name] === undefined) continue
    if (!(name in parameters)) throw new InvalidInputError(`${rule.fault} takes no ${name}`)
    if (!Number.isSafeInteger(rule[name]) || rule[name] < 0)
      throw new InvalidInputError(`${name} must be a whole number, 0 or more`)
  }
  if (rule.status !== undefined && (rule.status < 200 || rule.status > 599))
    throw new InvalidInputError('status must be from 200 to 599')
  if (rule.bytes === 0) throw new InvalidInputError('bytes must be 1 or more')
  if (rule.code !== undefined && ![43, 44, 45, 1070].includes(rule.code))
    throw new InvalidInputError('code must be one of 43, 44, 45, 1070')
  if (rule.share !== undefined && !(rule.share >= 0 && rule.share <= 1))
    throw new InvalidInputError('share must be a share from 0 to 1')
  if (rule.forSeconds !== undefined && !(rule.forSeconds > 0))
    throw new InvalidInputError('forSeconds must be above 0')
}
