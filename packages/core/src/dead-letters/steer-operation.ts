import {
  changeOperation,
  listOperations,
  lockOperation,
  transactOrRehearse,
  type Database,
  type OperationState,
  type StoredOperation,
} from '@tds/db'
import { TdsError } from '@tds/runtime'
import { noteAction, type OperatorRequest } from '../quarantine/operator-work.ts'

/** An operation of an organisation. Throws TdsError `operation_not_found` where there is none. */
export async function findOperation(
  db: Database,
  o: { readonly organizationId: string; readonly operationId: string },
): Promise<StoredOperation> {
  const { organizationId, operationId } = o
  const [found] = await listOperations(db, { organizationId, ids: [operationId] }, { limit: 1, after: null })
  if (found !== undefined) return found
  throw new TdsError(`There is no operation ${operationId}`, {
    code: 'operation_not_found',
    disposition: 'reject',
    nextStep: 'Look the id up with tds ops list.',
    facts: { operationId },
  })
}

/** What a person may make of an operation: from which states, to which. */
const steps = {
  abort: { from: ['running', 'stopped'], to: 'aborted' },
  resume: { from: ['stopped', 'aborted'], to: 'running' },
} as const satisfies Record<string, { from: readonly OperationState[]; to: OperationState }>

/**
 * Aborts or resumes an operation. Nothing more is begun once an abort has answered; what was given to the worker ends, and
 * the rest waits, so that a resumed one goes on where it stood.
 *
 * @throws TdsError `operation_not_found`, and `operation_not_open` where its state does not allow it.
 */
export async function steerOperation(
  db: Database,
  o: {
    readonly organizationId: string
    readonly operationId: string
    readonly step: keyof typeof steps
  },
  request: OperatorRequest,
): Promise<StoredOperation> {
  await findOperation(db, o)
  const { from, to } = steps[o.step]
  const states: readonly OperationState[] = from
  await transactOrRehearse(db, request, async (tx) => {
    const standing = await lockOperation(tx, o.operationId)
    if (standing === null || !states.includes(standing.status))
      throw notOpen(o.operationId, standing?.status ?? 'gone')
    const why = request.reason === null ? '' : `: ${request.reason}`
    await changeOperation(tx, o.operationId, { to, note: `${o.step} by ${request.actor}${why}` })
    const facts = { from: standing.status, to }
    await noteAction(tx, request, { action: `operation.${o.step}`, subject: o.operationId, facts })
  })
  return findOperation(db, o)
}

function notOpen(operationId: string, status: string): TdsError {
  return new TdsError(`The operation ${operationId} is ${status}`, {
    code: 'operation_not_open',
    disposition: 'reject',
    nextStep: 'Look at it with tds ops show: only what runs can be aborted, only what stopped can go on.',
    facts: { operationId, status },
  })
}
