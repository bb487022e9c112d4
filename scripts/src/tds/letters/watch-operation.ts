import { findOperation } from '@tds/core'
import { isDatabaseUnavailable } from '@tds/db'
import type { Warning } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { hearInterrupt } from '../runs/watch-runs.ts'
import type { Session } from '../session.ts'
import { isOver, operationData, operationWords, type OperationData } from './operation-data.ts'

/** How watching ended: with the operation, or before it. */
export const watchEnds = ['ended', 'timed_out', 'interrupted'] as const

/** An operation that was watched. */
export interface WatchedOperation {
  readonly until: (typeof watchEnds)[number]
  readonly operation: OperationData
}

/** From one look to the next. */
const lookEveryMs = 1000
/** From one line about it to the next. */
const lineEveryMs = 15_000

/** Watches an operation until nothing moves any more, the time is over, or a person stops watching; it goes on in any case. */
export async function watchOperation(
  session: Session,
  operationId: string,
  o: { readonly timeoutSeconds: number },
): Promise<WatchedOperation> {
  const { clock } = session
  const interrupt = hearInterrupt(session)
  const until = clock.monotonicMs() + o.timeoutSeconds * 1000
  let toldAt = clock.monotonicMs()
  let operation = await readOperation(session, operationId)
  try {
    for (;;) {
      if (isOver(operation)) return { until: 'ended', operation }
      const leftMs = until - clock.monotonicMs()
      if (leftMs <= 0) return { until: 'timed_out', operation }
      if (session.tellsProgress && clock.monotonicMs() - toldAt >= lineEveryMs) {
        toldAt = clock.monotonicMs()
        session.terminal.stderr.write(`${operationWords(operation)}\n`)
      }
      await clock.sleep(Math.min(lookEveryMs, leftMs), interrupt.signal)
      if (interrupt.signal.aborted) return { until: 'interrupted', operation }
      operation = await lookAgain(session, operation)
    }
  } finally {
    interrupt.stop()
  }
}

/** Reads an operation as results have it. */
export async function readOperation(session: Session, operationId: string): Promise<OperationData> {
  const organizationId = session.organizationId()
  return operationData(await findOperation(await session.database(), { organizationId, operationId }))
}

/** While Postgres is away it waits for it to come back. */
async function lookAgain(session: Session, before: OperationData): Promise<OperationData> {
  try {
    return await readOperation(session, before.operationId)
  } catch (error) {
    if (isDatabaseUnavailable(error)) return before
    throw error
  }
}

/** What the exit code says of an operation that was watched. */
export function watchedExitCode({ until, operation }: WatchedOperation): number {
  if (until === 'interrupted') return exitCodes.interrupted
  if (until === 'timed_out') return exitCodes.unreachable
  const { failed = 0, busy = 0, settled = 0 } = operation.outcomes
  const isWhole = operation.status === 'completed' && failed + busy + settled === 0
  return isWhole ? exitCodes.done : exitCodes.partial
}

/** What a person should know who stopped watching before it was over. */
export function goesOn({ until, operation: { operationId } }: WatchedOperation): Warning[] {
  if (until === 'ended') return []
  const code = until === 'timed_out' ? 'wait_timed_out' : 'interrupted'
  return [{ code, message: `the operation goes on; see it with tds ops watch ${operationId}` }]
}
