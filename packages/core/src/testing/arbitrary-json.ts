import fc from 'fast-check'
import { ExactNumber, type ExactJson, type ExactObject } from '../json/index.ts'

/** Any text that Postgres can store: every character but NUL, no half of a surrogate pair. */
const storableText: fc.Arbitrary<string> = fc
  .string({ unit: 'binary', maxLength: 12 })
  .map((text) => text.replaceAll('\u0000', 'x'))

/** Any number within a delivery's limits, in every spelling that JSON's grammar allows. */
export const numberSource: fc.Arbitrary<string> = fc
  .record({
    sign: fc.constantFrom('', '-'),
    whole: fc.oneof(
      fc.constant('0'),
      digitsOf(1, 30).map((digits) => `7${digits}`),
      fc.nat().map(String),
    ),
    fraction: fc.option(digitsOf(1, 30)),
    exponent: fc.option(fc.integer({ min: -100, max: 100 })),
    exponentMark: fc.constantFrom('e', 'E', 'e0', 'E+'),
  })
  .map(({ sign, whole, fraction, exponent, exponentMark }) => {
    const number = sign + whole + (fraction === null ? '' : `.${fraction}`)
    if (exponent === null) return number
    return exponent < 0 ? `${number}e-${String(-exponent)}` : `${number}${exponentMark}${String(exponent)}`
  })

/** Any exact JSON value of a few levels, names that objects inherit among its keys. */
export const exactJson: fc.Arbitrary<ExactJson> = fc.letrec<{ value: ExactJson }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    fc.constantFrom(null, true, false),
    storableText,
    numberSource.map((source) => new ExactNumber(source)),
    fc.array(tie('value'), { maxLength: 5 }),
    exactObject(tie('value')),
  ),
})).value

/** Any JSON object with members as given. */
export function exactObject(member: fc.Arbitrary<ExactJson>): fc.Arbitrary<ExactObject> {
  const key = fc.oneof(
    storableText,
    fc.constantFrom('__proto__', 'constructor', 'toString', 'item_id', '10', '9'),
  )
  return fc
    .uniqueArray(fc.tuple(key, member), { selector: ([name]) => name, maxLength: 6 })
    .map((members) => {
      const object = Object.create(null) as ExactObject
      for (const [name, value] of members) object[name] = value
      return object
    })
}

/** Text of JSON for a value, with blanks strewn in and any character of a string perhaps written as an escape. */
export function spelled(value: ExactJson): fc.Arbitrary<string> {
  return fc.infiniteStream(fc.nat(7)).map((choices) => {
    const choose = (): number => choices.next().value as number
    return spell(value, choose)
  })
}

function digitsOf(minLength: number, maxLength: number): fc.Arbitrary<string> {
  return fc.string({ unit: fc.nat(9).map(String), minLength, maxLength })
}

function spell(value: ExactJson, choose: () => number): string {
  const blank = (): string => ['', '', '', '', ' ', '\n', '\r\n\t', '  '][choose()] ?? ''
  const text = (): string => {
    if (value === null || typeof value === 'boolean') return String(value)
    if (typeof value === 'string') return spellString(value, choose)
    if (value instanceof ExactNumber) return value.source
    if (Array.isArray(value)) return `[${value.map((member) => spell(member, choose)).join(',') || blank()}]`
    const members = Object.entries(value).map(
      ([key, member]) => blank() + spellString(key, choose) + blank() + ':' + spell(member, choose),
    )
    return `{${members.join(',') || blank()}}`
  }
  return blank() + text() + blank()
}

function spellString(text: string, choose: () => number): string {
  const characters = Array.from(text).map((character) => {
    const short = shortEscapes[character]
    const mustEscape = character < ' ' || character === '"' || character === '\\'
    if (short !== undefined && (mustEscape || choose() < 6)) return short
    return mustEscape || choose() === 0 ? longEscape(character, choose) : character
  })
  return `"${characters.join('')}"`
}

/** A character beyond the first plane is escaped as both halves of its pair. */
function longEscape(character: string, choose: () => number): string {
  const units = character.split('').map((unit) => unit.charCodeAt(0).toString(16).padStart(4, '0'))
  return units.map((hex) => '\\u' + (choose() < 4 ? hex : hex.toUpperCase())).join('')
}

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '/': '\\/',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}
