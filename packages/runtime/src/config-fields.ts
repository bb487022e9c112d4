import { z } from 'zod'
import type { SealingKeys } from './sealed-text.ts'

/** What a configuration field tells about itself, kept as zod metadata and inherited by what is chained onto it. */
export interface FieldMeta {
  /** One sentence for .env.example and the reference page. */
  description?: string | undefined
  /** How a good value looks, to be read after "expected". */
  expected?: string | undefined
  /** Never printed, and registered with the log's redaction. */
  secret?: boolean | undefined
  /** An address that may carry user and password: printed without them. */
  address?: boolean | undefined
  /** The value used when the variable is not set, as it would be written. */
  default?: string | undefined
}

/** A secret: any text but the empty one. */
export function secret() {
  return z.string().meta({ secret: true, expected: 'a secret' })
}

/** Secrets separated by commas, every one valid, so that they can rotate; unset is the empty list. */
export function secretList() {
  return textTo(
    { expected: 'one or more secrets separated by commas, none of them empty', secret: true },
    (text) => {
      const entries = text.split(',').map((entry) => entry.trim())
      return entries.includes('') ? undefined : entries
    },
  ).default([])
}

/** A TCP port; 0 lets the system choose, as tests do. */
export function port(defaultPort: number) {
  const expected = 'a port number from 0 to 65535'
  return textTo({ expected, default: String(defaultPort) }, (text) => wholeNumber(text, 0, 65_535)).default(
    defaultPort,
  )
}

/** A whole number within bounds; chain `.default(n)` or `.optional()`. */
export function integer({ min, max }: { min: number; max: number }) {
  const expected = `a whole number from ${String(min)} to ${String(max)}`
  return textTo({ expected }, (text) => wholeNumber(text, min, max))
}

/** A size such as 512kb, 1mb, 1gb or plain bytes (1 kb = 1024 bytes); the output is bytes. */
export function byteSize(defaultSize: string) {
  const bytes = bytesOf(defaultSize)
  if (bytes === undefined) throw new TypeError(`not a size: ${defaultSize}`)
  return textTo({ expected: 'a size such as 512kb, 1mb or 1gb', default: defaultSize }, bytesOf).default(
    bytes,
  )
}

/**
 * Keys of 32 bytes, each written as 64 hexadecimal digits; the output is their bytes. Several are separated by commas: the
 * first seals, every one opens. One byte repeated is a placeholder that somebody forgot, and is refused.
 */
export function sealingKeys() {
  const expected = '32 bytes as 64 hexadecimal digits, as openssl rand -hex 32 makes them'
  return textTo({ expected, secret: true }, (text): SealingKeys | undefined => {
    const entries = text.split(',').map((entry) => entry.trim())
    const [first, ...others] = entries.filter(isKey).map((entry) => Buffer.from(entry, 'hex'))
    return first !== undefined && others.length === entries.length - 1 ? [first, ...others] : undefined
  })
}

/** An address with one of these schemes, written as in `urlOf('https', 'http')`; the output is the text as given. */
export function urlOf(...schemes: [string, ...string[]]) {
  const forms = schemes.map((scheme) => `${scheme}://…`)
  return textTo({ expected: `an address ${forms.join(' or ')}`, address: true }, (text) => {
    const url = URL.parse(text)
    return url !== null && schemes.includes(url.protocol.slice(0, -1)) ? text : undefined
  })
}

/** One of a few words; chain `.default(word)` or `.optional()`. */
export function enumOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  return z.enum(words).meta({ expected: oneOf(words) })
}

/** Words separated by commas, each one of a few; unset is the empty list. */
export function enumListOf<const Words extends readonly [string, ...string[]]>(...words: Words) {
  const known = z.array(z.enum(words))
  return textTo({ expected: `words separated by commas, each ${oneOf(words)}` }, (text) => {
    const entries = text.split(',').map((entry) => entry.trim())
    return known.safeParse(entries).data
  }).default([])
}

/** A time zone of the IANA database, such as Asia/Baghdad. */
export function timeZone() {
  return textTo({ expected: 'a time zone such as Asia/Baghdad or UTC' }, (text) =>
    isTimeZone(text) ? text : undefined,
  )
}

/**
 * A check for a whole schema: at least one of these variables must be set. Reported beside the problems of
 * single fields, under the first name. Chain it last (`schema.check(atLeastOneOf('A', 'B'))`): zod refuses to
 * extend a checked object.
 */
export function atLeastOneOf(...names: [string, ...string[]]) {
  return z.superRefine<Record<string, unknown>>(
    (config, context) => {
      // One that was given and is wrong has a problem of its own.
      const wrong = context.issues.some((issue) => names.includes(String(issue.path?.[0])))
      if (wrong || names.some((name) => isGiven(config[name]))) return
      context.addIssue({
        code: 'custom',
        path: [names[0]],
        message: `not set; at least one of ${names.join(', ')} is needed`,
      })
    },
    { when: () => true },
  )
}

/** Reads a field's metadata through `.optional()`, `.default()` and pipes; what was added last wins. */
export function fieldMeta(field: z.core.$ZodType): FieldMeta {
  const inner = innerOf(field)
  const below = inner === null ? {} : fieldMeta(inner)
  return { ...defaultOf(field), ...below, ...(z.globalRegistry.get(field) as FieldMeta | undefined) }
}

function defaultOf(field: z.core.$ZodType): FieldMeta {
  const definition = field._zod.def
  if (!('defaultValue' in definition)) return {}
  const value = definition.defaultValue
  return typeof value === 'string' || typeof value === 'number' ? { default: String(value) } : {}
}

function innerOf(field: z.core.$ZodType): z.core.$ZodType | null {
  const definition = field._zod.def
  if ('innerType' in definition) return definition.innerType as z.core.$ZodType
  if ('in' in definition) return definition.in as z.core.$ZodType
  return null
}

// A field reads the text of a variable; undefined from `read` means that the text is not what is expected.
function textTo<T>(meta: FieldMeta & { expected: string }, read: (text: string) => T | undefined) {
  return z
    .string()
    .transform((text, context): T => {
      const value = read(text)
      if (value !== undefined) return value
      context.addIssue({ code: 'invalid_format', format: 'field', input: text })
      return z.NEVER
    })
    .meta({ ...meta })
}

function isKey(text: string): boolean {
  return /^[0-9a-f]{64}$/i.test(text) && !/^(..)\1*$/i.test(text)
}

function wholeNumber(text: string, min: number, max: number): number | undefined {
  if (!/^-?\d{1,15}$/.test(text)) return undefined
  const value = Number(text)
  return value >= min && value <= max ? value : undefined
}

const unitBytes: Readonly<Record<string, number>> = { '': 1, b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 }

function bytesOf(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,12})\s?(b|kb|mb|gb)?$/i.exec(text) ?? []
  const factor = unitBytes[(unit ?? '').toLowerCase()]
  if (digits === undefined || factor === undefined) return undefined
  const bytes = Number(digits) * factor
  return bytes > 0 && Number.isSafeInteger(bytes) ? bytes : undefined
}

function oneOf(words: readonly string[]): string {
  return words.length === 1 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}`
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

function isGiven(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0)
}
