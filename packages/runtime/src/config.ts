import { readFileSync } from 'node:fs'
import type { z } from 'zod'
import { fieldMeta, type FieldMeta } from './config-fields.ts'
import { codeOf, ConfigError, type ConfigProblem } from './errors.ts'
import { redactText, registerSecret } from './redaction.ts'

/** The variables of a process, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the variables that a schema names, each from `<NAME>` or from the file that `<NAME>_FILE` names (its
 * trailing newline cut off). The empty string counts as not set. Every secret read is registered with the log's
 * redaction.
 *
 * @throws ConfigError with every problem at once: what was given (never of a secret), what is expected, and
 *   which similar variable may have been meant.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: Environment): z.output<S> {
  const { given, problems } = readGiven(schema, env)
  for (const [name, text] of Object.entries(given)) registerSecretsOf(metaOf(schema, name), text)
  const parsed = schema.safeParse(given)
  if (!parsed.success)
    problems.push(...problemsOf(parsed.error.issues, { schema, given, env, known: problems }))
  problems.push(...misspelt(schema, { given, env, known: problems }))
  if (problems.length > 0 || !parsed.success) throw new ConfigError(inSchemaOrder(schema, problems))
  return parsed.data
}

/** A configuration for people and start-up lines: secrets only as set or unset, addresses without credentials. */
export function describeConfig<S extends z.ZodObject>(
  schema: S,
  config: z.output<S>,
): Record<string, string> {
  const values: Record<string, unknown> = config
  return Object.fromEntries(
    Object.keys(schema.shape).map((name) => [name, describeValue(metaOf(schema, name), values[name])]),
  )
}

type Given = Record<string, string>

function readGiven(schema: z.ZodObject, env: Environment): { given: Given; problems: ConfigProblem[] } {
  const given: Given = {}
  const problems: ConfigProblem[] = []
  for (const name of Object.keys(schema.shape)) {
    const text = emptyAsUnset(env[name])
    const file = emptyAsUnset(env[`${name}_FILE`])
    if (text !== undefined && file !== undefined) {
      problems.push({ name, message: `set twice, as ${name} and as ${name}_FILE; expected one of the two` })
    } else if (file !== undefined) {
      readGivenFile(file, { name, given, problems })
    } else if (text !== undefined) {
      given[name] = text
    }
  }
  return { given, problems }
}

function emptyAsUnset(text: string | undefined): string | undefined {
  return text === '' ? undefined : text
}

interface Reading {
  name: string
  given: Given
  problems: ConfigProblem[]
}

function readGivenFile(file: string, { name, given, problems }: Reading): void {
  try {
    const text = readFileSync(file, 'utf8').replace(/[\r\n]+$/, '')
    if (text === '') problems.push({ name: `${name}_FILE`, message: `the file ${file} is empty` })
    else given[name] = text
  } catch (error) {
    const reason = codeOf(error) ?? 'unreadable'
    problems.push({ name: `${name}_FILE`, message: `the file ${file} cannot be read (${reason})` })
  }
}

// The shape of a schema that is not known here is typed as anything.
function fieldsOf(schema: z.ZodObject): Record<string, z.core.$ZodType> {
  return schema.shape
}

function metaOf(schema: z.ZodObject, name: string): FieldMeta {
  const field = fieldsOf(schema)[name]
  return field === undefined ? {} : fieldMeta(field)
}

function registerSecretsOf(meta: FieldMeta, text: string): void {
  if (meta.secret === true) {
    registerSecret(text)
    for (const entry of text.split(',')) registerSecret(entry.trim())
  }
  if (meta.address === true) registerPassword(text)
}

function registerPassword(address: string): void {
  const url = URL.parse(address)
  if (url === null || url.password === '') return
  // The default password of many a test database is a word that also stands in every other line.
  const elsewhere = `${url.protocol}${url.username}@${url.host}${url.pathname}`
  if (elsewhere.includes(url.password)) return
  registerSecret(url.password)
  registerSecret(decoded(url.password))
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

interface Situation {
  schema: z.ZodObject
  given: Given
  env: Environment
  /** Problems found before; a variable has only one. */
  known: readonly ConfigProblem[]
}

function problemsOf(issues: readonly z.core.$ZodIssue[], situation: Situation): ConfigProblem[] {
  const told = new Set(situation.known.map((problem) => problem.name.replace(/_FILE$/, '')))
  const problems: ConfigProblem[] = []
  for (const issue of issues) {
    const name = String(issue.path[0] ?? 'configuration')
    if (told.has(name)) continue
    told.add(name)
    problems.push({ name, message: explain(issue, { ...situation, name }) })
  }
  return problems
}

function explain(
  issue: z.core.$ZodIssue,
  { schema, given, env, name }: Situation & { name: string },
): string {
  const meta = metaOf(schema, name)
  const text = given[name]
  if (issue.code === 'custom') return redactText(issue.message)
  const expected = meta.expected === undefined ? issue.message : `expected ${meta.expected}`
  if (text !== undefined) return `${describeGiven(text, meta)}; ${expected}`
  const meant = closest(name, namesGiven(schema, env))
  return `not set; ${expected}${meant === undefined ? '' : ` (did you mean it by ${meant}?)`}`
}

function describeGiven(text: string, { secret, address }: FieldMeta): string {
  if (secret === true) return 'the secret given cannot be used'
  const shown = address === true ? withoutCredentials(text) : redactText(text)
  return `got ${JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)}`
}

// Works on what is no proper address too: everything up to the last @ may be a password.
function withoutCredentials(address: string): string {
  const bare = address.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1')
  return bare.replace(/\?.*$/s, '?…')
}

// A misspelt optional variable would otherwise be ignored without a word, and the default used.
function misspelt(schema: z.ZodObject, { given, env, known }: Omit<Situation, 'schema'>): ConfigProblem[] {
  const problematic = new Set(known.map((problem) => problem.name))
  const open = Object.keys(schema.shape).filter((name) => !(name in given) && !problematic.has(name))
  return namesGiven(schema, env)
    .filter((name) => ourPrefixes.some((prefix) => name.startsWith(prefix)))
    .flatMap((name) => {
      const meant = closest(name, [...open, ...open.map((variable) => `${variable}_FILE`)])
      return meant === undefined
        ? []
        : [{ name, message: `not a variable of TDS Core; did you mean ${meant}?` }]
    })
}

// Other programs' variables may be spelt much like ours; what begins like this is meant for us.
const ourPrefixes = ['TDS_', 'ZOHO_', 'WEBHOOK_', 'WORKER_', 'ALERTER_', 'SPOOL_']

function namesGiven(schema: z.ZodObject, env: Environment): string[] {
  return Object.keys(env).filter(
    (name) => emptyAsUnset(env[name]) !== undefined && !(name in schema.shape) && !isFileOf(name, schema),
  )
}

function isFileOf(name: string, schema: z.ZodObject): boolean {
  return name.endsWith('_FILE') && name.slice(0, -'_FILE'.length) in schema.shape
}

function closest(name: string, candidates: readonly string[]): string | undefined {
  const near = candidates
    .map((candidate) => ({ candidate, distance: editDistance(name.toUpperCase(), candidate.toUpperCase()) }))
    .filter(({ distance }) => distance <= 2)
    .sort((a, b) => a.distance - b.distance)
  return near[0]?.candidate
}

function editDistance(a: string, b: string): number {
  // More than two apart by length alone is far enough not to be counted.
  if (Math.abs(a.length - b.length) > 2) return 3
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...a].entries()) {
    const current = [row + 1]
    for (const [column, other] of [...b].entries()) {
      const replaced = (previous[column] ?? 0) + (letter === other ? 0 : 1)
      current.push(Math.min(replaced, (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1))
    }
    previous = current
  }
  return previous.at(-1) ?? 0
}

function inSchemaOrder(schema: z.ZodObject, problems: readonly ConfigProblem[]): ConfigProblem[] {
  const order = Object.keys(schema.shape)
  const position = ({ name }: ConfigProblem): number => {
    const index = order.indexOf(name.replace(/_FILE$/, ''))
    return index === -1 ? order.length : index
  }
  return [...problems].sort((a, b) => position(a) - position(b))
}

function describeValue(meta: FieldMeta, value: unknown): string {
  const unset = value === undefined || value === null || (Array.isArray(value) && value.length === 0)
  if (unset) return 'unset'
  if (meta.secret === true) return 'set'
  const text =
    typeof value === 'string' ? value : Array.isArray(value) ? value.join(',') : JSON.stringify(value)
  return meta.address === true ? withoutCredentials(text) : redactText(text)
}
