/** What an error asks of whoever holds the work: try again later, give it up for a person, or refuse it. */
export type Disposition = 'retry' | 'dead-letter' | 'reject'

/** The facts an error is made of. */
export interface TdsErrorOptions {
  /** Stable snake_case word for programs: metrics, alerts and tests match on it. */
  code: string
  disposition: Disposition
  /** What a person does now, as a sentence. */
  nextStep: string
  /** What was seen; goes to the log, so never a secret. */
  facts?: Record<string, unknown> | undefined
  cause?: unknown
}

/** The one error class of the product: the decision it asks for travels with it as data. */
export class TdsError extends Error {
  override readonly name: string = 'TdsError'
  readonly code: string
  readonly disposition: Disposition
  readonly nextStep: string
  readonly facts: Record<string, unknown>

  constructor(message: string, options: TdsErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = options.code
    this.disposition = options.disposition
    this.nextStep = options.nextStep
    this.facts = options.facts ?? {}
  }
}

/** One thing that is wrong with the configuration: the variable's name and what it expects. */
export interface ConfigProblem {
  name: string
  message: string
}

/** The configuration cannot be used; carries every problem at once, and `run()` exits 78 on it. */
export class ConfigError extends TdsError {
  override readonly name = 'ConfigError'
  readonly problems: readonly ConfigProblem[]

  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map((problem) => `${problem.name}: ${problem.message}`)
    super(`The configuration has ${countOf(problems)}: ${lines.join('; ')}`, {
      code: 'configuration',
      disposition: 'reject',
      nextStep: 'Set the variables named to what they expect and start again.',
      facts: { names: problems.map((problem) => problem.name) },
    })
    this.problems = problems
  }
}

/** Whether a value is an error object, also one made in another realm (a worker, a test's sandbox). */
export function isError(value: unknown): value is Error {
  return value instanceof Error || Object.prototype.toString.call(value) === '[object Error]'
}

/** The text of whatever was thrown; an empty message falls back to the causes or the code, never to nothing. */
export function messageOf(thrown: unknown): string {
  if (!isError(thrown)) return typeof thrown === 'string' ? thrown : `thrown: ${typeof thrown}`
  if (thrown.message !== '') return thrown.message
  // A refused connection to a name with several addresses is an AggregateError without a message.
  const inner: unknown = 'errors' in thrown ? thrown.errors : undefined
  if (Array.isArray(inner) && inner.length > 0) return inner.map(messageOf).join('; ')
  return codeOf(thrown) ?? thrown.name
}

/** The `code` of whatever was thrown (ours, a system call's, an SQLSTATE), or undefined. */
export function codeOf(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
  return typeof thrown.code === 'string' ? thrown.code : undefined
}

function countOf(problems: readonly ConfigProblem[]): string {
  return problems.length === 1 ? 'one problem' : `${String(problems.length)} problems`
}
