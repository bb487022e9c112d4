import { codeOf, isError, messageOf, TdsError } from './errors.ts'

/** A value as it may stand in a log line: plain JSON, bounded, without secrets. */
export type SafeValue = string | number | boolean | null | SafeValue[] | { [key: string]: SafeValue }

/** An error as it may stand in a log line: what it says, never what hangs on it (requests, clients, rows). */
export interface SafeError {
  [key: string]: SafeValue
}

const redacted = '[redacted]'
const masked = '[masked]'
const deepest = 6
const mostEntries = 100
// Longer texts are cut before the patterns run over them, so that a giant one costs no time.
const longestText = 16_384

const registered = new Set<string>()
let longestSecret = 0
let registeredPattern: RegExp | null = null

/**
 * Remembers a secret, so that it is blotted out wherever it occurs in a text that is logged, as it is and in
 * its URL-encoded and JSON-escaped forms. Values under four characters are ignored: they would occur by chance.
 */
export function registerSecret(value: string): void {
  if (value.length < 4) return
  for (const form of [value, encodedOrNot(value), JSON.stringify(value).slice(1, -1)]) registered.add(form)
  const longestFirst = [...registered].sort((a, b) => b.length - a.length)
  longestSecret = longestFirst[0]?.length ?? 0
  registeredPattern = new RegExp(longestFirst.map(literally).join('|'), 'g')
}

/** Blots out registered secrets, credentials and e-mail addresses in a text. */
export function redactText(text: string): string {
  if (text.length <= longestText) return redactWhole(text)
  // A secret that the cut goes through would no longer be recognised; it can only stand at the very end.
  const head = redactWhole(text.slice(0, longestText))
  return `${head.slice(0, Math.max(0, head.length - longestSecret))}…`
}

/** Blots out registered secrets only; for text whose other parts have been redacted already. */
export function redactRegistered(text: string): string {
  return registeredPattern === null ? text : text.replace(registeredPattern, redacted)
}

/** Makes any value fit for a log line: bounded, without cycles, without secrets or personal data. */
export function redactValue(value: unknown): SafeValue {
  return safeValue(value, newWalk())
}

/** Takes from an error what a log may say of it. Axios' and pg's errors carry whole requests and clients: left out. */
export function redactError(thrown: unknown): SafeError {
  return safeError(thrown, newWalk())
}

/**
 * Whether what stands under this key is a secret. Counts, times and the like about a secret are not.
 *
 * @internal
 */
export function isSecretKey(key: string): boolean {
  const words = wordsOf(key)
  const last = words.at(-1) ?? ''
  if (aboutASecret.has(last)) return false
  if (words.some((word) => secretWords.has(word)) || /apikey|passw(or)?d/i.test(key)) return true
  return (last === 'key' || last === 'keys') && !harmlessKeys.has(words.at(-2) ?? '')
}

/**
 * Whether what stands under this key is about a person: e-mail, telephone, postal address, name of a person.
 *
 * @internal
 */
export function isPersonalKey(key: string): boolean {
  const words = wordsOf(key)
  const named = words.some((word) => personalWords.has(word)) || personalNames.has(words.join('_'))
  if (!named) return false
  return !words.some((word) => networkWords.has(word)) && !aboutASecret.has(words.at(-1) ?? '')
}

const secretWords = new Set(
  'authorization token tokens secret secrets password passwd pwd passphrase signature cookie cookies credential credentials bearer otp'.split(
    ' ',
  ),
)
const aboutASecret = new Set(
  'count at age seconds ms verified expires expiry kind type status present length limit id ids variants'.split(
    ' ',
  ),
)
const harmlessKeys = new Set(
  'idempotency fold singleton primary foreign unique job sort list group partition natural config setting label fact public missing unknown map config'.split(
    ' ',
  ),
)
const personalWords = new Set(
  'email emails mail phone phones telephone mobile fax address addresses street zip birthday'.split(' '),
)
const personalNames = new Set(['first_name', 'last_name', 'contact_person', 'contact_persons', 'attention'])
// The address of a machine, not of a person.
const networkWords = new Set('remote listen ip local peer socket bind host server'.split(' '))

// Every repetition that can start anywhere is bounded: a text of one endless word must not cost seconds.
const credentialPatterns: readonly (readonly [RegExp, string])[] = [
  // user:password@ of any address
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s"'<>/?#]{0,2000}@/gi, `$1${redacted}@`],
  [/\b(Bearer|Basic|Zoho-oauthtoken)\s{1,10}[^\s"',;]+/gi, `$1 ${redacted}`],
  // refresh_token=… of a query, a form or a connection string
  [
    /((?:token|secret|password|passwd|signature|cookie|api_?key|[?&]key|[?&]auth)=)[^\s&"',;]+/gi,
    `$1${redacted}`,
  ],
  // "client_secret": "…" of JSON, also of JSON inside a JSON string
  [
    /((?:authorization|token|secret|password|signature|cookie|key)\\?["']\s{0,10}:\s{0,10}\\?["'])[^"'\\]+/gi,
    `$1${redacted}`,
  ],
  // Headers as text; a scheme word was dealt with above.
  [
    /\b((?:authorization|cookie|x-webhook-key|x-zoho-webhook-signature):)(?!\s{0,10}(?:Bearer|Basic|Zoho-oauthtoken))[^\r\n]+/gi,
    `$1 ${redacted}`,
  ],
]
const mailAddress = /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,8}\p{L}{2,24}/gu

function redactWhole(text: string): string {
  let clean = redactRegistered(text)
  for (const [pattern, replacement] of credentialPatterns) clean = clean.replace(pattern, replacement)
  return clean.includes('@') ? clean.replace(mailAddress, masked) : clean
}

interface Walk {
  depth: number
  seen: Set<object>
  // Shared by the whole walk: what is looked at is what may cost time, and far more than a line can hold.
  budget: { left: number }
}

function newWalk(): Walk {
  return { depth: 0, seen: new Set(), budget: { left: 2000 } }
}

function deeper(walk: Walk): Walk {
  return { ...walk, depth: walk.depth + 1 }
}

function safeValue(value: unknown, walk: Walk): SafeValue {
  walk.budget.left -= 1 + (typeof value === 'string' ? value.length / 64 : 0)
  if (walk.budget.left < 0) return '[more]'
  switch (typeof value) {
    case 'string':
      return redactText(value)
    case 'boolean':
      return value
    case 'number':
      // JSON knows no -0: it becomes 0.
      return Number.isFinite(value) ? value + 0 : String(value)
    case 'bigint':
      return String(value)
    case 'object':
      return value === null ? null : safeObject(value, walk)
    case 'undefined':
    case 'function':
    case 'symbol':
      return `[${typeof value}]`
  }
}

function safeObject(value: object, walk: Walk): SafeValue {
  if (walk.seen.has(value)) return '[circular]'
  if (walk.depth >= deepest) return '[deeper]'
  // Only ancestors count as a cycle: the same object twice side by side is fine.
  walk.seen.add(value)
  try {
    return describeObject(value, deeper(walk))
  } catch {
    // A getter or a proxy may throw; a log line must not.
    return '[unreadable]'
  } finally {
    walk.seen.delete(value)
  }
}

function describeObject(value: object, walk: Walk): SafeValue {
  if (isError(value)) return safeError(value, walk)
  if (Array.isArray(value)) return safeList(value, walk)
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'invalid date' : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value)) return `[${String(value.byteLength)} bytes]`
  if (value instanceof Set) return safeList([...value], walk)
  if (value instanceof Map)
    return safeEntries(
      [...value].map(([key, of]) => [String(key), of]),
      walk,
    )
  if (isPlain(value)) return safeEntries(Object.entries(value), walk)
  // Clients, requests and responses reach everything there is: only their name is told.
  return `[${value.constructor.name}]`
}

function safeList(list: readonly unknown[], walk: Walk): SafeValue[] {
  const safe = list.slice(0, mostEntries).map((entry) => safeValue(entry, walk))
  if (list.length > mostEntries) safe.push(`[${String(list.length - mostEntries)} more]`)
  return safe
}

function safeEntries(entries: readonly (readonly [string, unknown])[], walk: Walk): SafeError {
  const safe: [string, SafeValue][] = []
  for (const [key, value] of entries.slice(0, mostEntries)) {
    // undefined is how an optional fact says that it is absent.
    if (value !== undefined) safe.push([redactText(key).slice(0, 200), safeEntry(key, { value, walk })])
  }
  if (entries.length > mostEntries) safe.push(['…', `[${String(entries.length - mostEntries)} more]`])
  return Object.fromEntries(safe)
}

function safeEntry(key: string, { value, walk }: { value: unknown; walk: Walk }): SafeValue {
  if (isHidden(value)) {
    if (isSecretKey(key)) return redacted
    if (isPersonalKey(key)) return masked
  }
  return safeValue(value, walk)
}

// Yes, no and absent give nothing away; 'set' and 'unset' are what describeConfig says of a secret.
function isHidden(value: unknown): boolean {
  return typeof value !== 'boolean' && value !== null && value !== 'set' && value !== 'unset'
}

function safeError(thrown: unknown, walk: Walk): SafeError {
  if (!isError(thrown)) return { name: 'NotAnError', message: redactText(messageOf(thrown)) }
  const code = codeOf(thrown)
  return {
    name: redactText(thrown.name),
    ...(code === undefined ? {} : { code: redactText(code) }),
    message: redactText(messageOf(thrown)),
    ...decisionOf(thrown, walk),
    ...(walk.depth <= 1 && thrown.stack !== undefined ? { stack: framesOf(thrown) } : {}),
    ...causesOf(thrown, walk),
  }
}

function decisionOf(thrown: Error, walk: Walk): SafeError {
  if (!(thrown instanceof TdsError)) return {}
  const facts = safeEntries(Object.entries(thrown.facts), walk)
  return {
    disposition: thrown.disposition,
    nextStep: redactText(thrown.nextStep),
    ...(Object.keys(facts).length > 0 ? { facts } : {}),
  }
}

// The stack begins with name and message, which are told already.
function framesOf(thrown: Error): string {
  const stack = thrown.stack ?? ''
  const firstFrame = stack.search(/^ {4}at /m)
  return firstFrame === -1 ? '' : redactText(stack.slice(firstFrame))
}

function causesOf(thrown: Error, walk: Walk): SafeError {
  if (walk.depth >= 3) return {}
  const several: unknown = 'errors' in thrown ? thrown.errors : undefined
  return {
    ...(thrown.cause === undefined ? {} : { cause: safeError(thrown.cause, deeper(walk)) }),
    ...(Array.isArray(several)
      ? { errors: several.slice(0, 10).map((one) => safeError(one, deeper(walk))) }
      : {}),
  }
}

function isPlain(value: object): value is Record<string, unknown> {
  const prototype: unknown = Object.getPrototypeOf(value)
  // Object.prototype of whichever realm, or none.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function literally(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')
}

function encodedOrNot(value: string): string {
  try {
    return encodeURIComponent(value)
  } catch {
    // Half a surrogate pair has no URL-encoded form.
    return value
  }
}

// apiKey, api_key, API-KEY and x-api-key are the same two or three words.
function wordsOf(key: string): string[] {
  return key
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== '')
}
