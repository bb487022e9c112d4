import type { DeadLetterClass } from '@tds/db'
import { TdsError } from '@tds/runtime'
import { UnreadableValue } from '../entities/unreadable-value.ts'
import { sha256Hex } from '../json/index.ts'

/** Why an event could not be processed, in the words that the dead letter, the log and the inbox share. */
export interface Failure {
  readonly class: DeadLetterClass
  readonly code: string
  readonly message: string
  readonly fingerprint: string
}

/** Describes an error as a failure; its class says what kind of hand heals it. */
export function failureOf(error: unknown): Failure {
  const code = error instanceof TdsError ? error.code : 'unexpected'
  const message = error instanceof Error ? error.message : String(error)
  return failure(classOf(error), code, message)
}

/** Makes a failure; equal class, code and message up to digits share one fingerprint. */
export function failure(kind: DeadLetterClass, code: string, message: string): Failure {
  const shape = message.replace(/\d+/g, '#')
  return { class: kind, code, message, fingerprint: sha256Hex(`${kind}\n${code}\n${shape}`).slice(0, 32) }
}

/** Faults on the way to the source, named by the HTTP client. */
const transportCodes: ReadonlySet<string> = new Set(['transport', 'response_too_large'])

function classOf(error: unknown): DeadLetterClass {
  if (error instanceof UnreadableValue) return 'data'
  if (!(error instanceof TdsError)) return 'mapping'
  if (error.code.startsWith('zoho_') || transportCodes.has(error.code)) return 'source'
  if (error.code === 'database_data') return 'data'
  if (error.code === 'database_statement') return 'configuration'
  return error.disposition === 'reject' ? 'configuration' : 'mapping'
}
