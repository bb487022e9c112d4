import { messageOf, TdsError } from '@tds/runtime'

/** Why a delivery cannot be spooled; every one is worth delivering again. */
export type SpoolFault = keyof typeof kinds

const kinds = {
  spool_full: {
    code: 'spool_full',
    disposition: 'retry',
    nextStep:
      'Bring Postgres back, so that the spool is drained; or raise SPOOL_LIMIT if the volume has room.',
  },
  spool_off: {
    code: 'spool_off',
    disposition: 'retry',
    nextStep: 'Make room on the volume of SPOOL_DIR: below a tenth of free space nothing is spooled.',
  },
  spool_unwritable: {
    code: 'spool_unwritable',
    disposition: 'retry',
    nextStep: 'Give the api a folder in SPOOL_DIR that it may write to; it tries again by itself.',
  },
  spool_slow: {
    code: 'spool_slow',
    disposition: 'retry',
    nextStep: 'Look at the volume of SPOOL_DIR: writing to it takes longer than a sender waits.',
  },
} as const

/** The error of a delivery that cannot be spooled. */
export function spoolError(fault: SpoolFault, problem: string, cause?: unknown): TdsError {
  const message = cause === undefined ? problem : `${problem}: ${messageOf(cause)}`
  return new TdsError(message, { ...kinds[fault], cause })
}
