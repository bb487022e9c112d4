import { z } from 'zod'
import { steerOperation } from '@tds/core'
import { defineCommand } from '../command.ts'
import { oneOperationInput } from '../input/letter-input.ts'
import { operationData, operationSchema, operationWords } from '../letters/operation-data.ts'

/** `tds ops abort` */
export const opsAbort = defineCommand({
  description:
    'Aborts an operation: nothing more of it is begun once this has answered. What is being processed ends, the rest waits, and ops resume goes on with it. A reason is needed.',
  arguments: [['<operation>', 'the operation']],
  options: [],
  examples: ['ops abort 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21 --reason "the wrong group"'],
  changes: true,
  input: z.object({ args: oneOperationInput }),
  data: operationSchema,
  run: async (session, { args: [operationId] }) => {
    const request = session.reasonedRequest()
    const asked = { organizationId: session.organizationId(), operationId, step: 'abort' } as const
    return { data: operationData(await steerOperation(await session.database(), asked, request)) }
  },
  show: (operation) => ({
    blocks: [{ kind: 'lines', lines: [operationWords(operation)] }],
    ids: [operation.operationId],
    records: [operation],
  }),
})
