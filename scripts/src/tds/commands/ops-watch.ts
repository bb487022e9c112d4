import { z } from 'zod'
import { defineCommand } from '../command.ts'
import { oneOperationInput } from '../input/letter-input.ts'
import { waitInput } from '../input/run-input.ts'
import { operationSchema, operationWords } from '../letters/operation-data.ts'
import { goesOn, watchedExitCode, watchEnds, watchOperation } from '../letters/watch-operation.ts'

/** `tds ops watch` */
export const opsWatch = defineCommand({
  description:
    'Watches an operation until nothing of it moves any more. Ctrl-C stops watching, and the operation goes on.',
  arguments: [['<operation>', 'the operation']],
  options: [
    ['--wait-timeout <seconds>', 'watch no longer than this; it goes on all the same (default: 3600)'],
  ],
  examples: ['ops watch 8f4c1f0e-6b1d-4d0b-8d8e-3b1c5f7a9e21'],
  changes: false,
  input: z.object({ args: oneOperationInput, waitTimeout: waitInput.waitTimeout }),
  data: z.strictObject({ operation: operationSchema, watched: z.enum(watchEnds) }),
  run: async (session, { args: [id], waitTimeout: timeoutSeconds }) => {
    const watched = await watchOperation(session, id, { timeoutSeconds })
    return {
      data: { operation: watched.operation, watched: watched.until },
      warnings: goesOn(watched),
      exitCode: watchedExitCode(watched),
    }
  },
  show: ({ operation }) => ({
    blocks: [{ kind: 'lines', lines: [operationWords(operation)] }],
    ids: [operation.operationId],
    records: [operation],
  }),
})
