import { ConfigError, redactText, TdsError } from '@tds/runtime'
import type { Envelope } from './envelope.ts'

/** The input cannot be used: names the flag and what it expects. */
export function usageError(message: string): TdsError {
  return new TdsError(message, {
    code: 'usage',
    disposition: 'reject',
    nextStep: 'See --help of the command.',
  })
}

/** An error as the envelope has it, without secrets. */
export function failureBody(error: TdsError): NonNullable<Envelope['error']> {
  return {
    code: error.code,
    message: redactText(error.message),
    hint: redactText(error.nextStep),
    retryable: error.disposition === 'retry',
    requestId: null,
  }
}

/** An error for people: what, why where that is known, what to do, and the code. */
export function failureLines(error: TdsError): string[] {
  const why = error instanceof ConfigError ? [] : reasonOf(error)
  return [`tds: ${error.message}`, ...why, `next: ${error.nextStep}`, `code: ${error.code}`].map(redactText)
}

function reasonOf({ facts }: TdsError): string[] {
  const { reason } = facts
  return typeof reason === 'string' ? [`why: ${reason}`] : []
}
