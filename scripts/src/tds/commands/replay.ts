import { z } from 'zod'
import { readSetting, requestReplay } from '@tds/core'
import { defineCommand, type Outcome } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'
import { filterWords, letterInput, letterOptions } from '../input/letter-input.ts'
import { numberInput } from '../input/parse-input.ts'
import { waitInput, waitOptions } from '../input/run-input.ts'
import { chooseLetters, chooseOptions } from '../letters/choose-letters.ts'
import { predictionData, predictionSchema, previewTable } from '../letters/letter-data.ts'
import { operationSchema, operationWords } from '../letters/operation-data.ts'
import {
  goesOn,
  readOperation,
  watchedExitCode,
  watchEnds,
  watchOperation,
} from '../letters/watch-operation.ts'
import { workersMissing } from '../runs/ask-for-runs.ts'
import type { Session } from '../session.ts'

const data = z.strictObject({
  preview: z.array(predictionSchema),
  /** Null in a rehearsal, and where nothing was chosen. */
  operation: operationSchema.nullable(),
  /** How watching ended; null where nobody watched. */
  watched: z.enum(watchEnds).nullable(),
})

const rateMessage = 'expected whole letters a second, from 1 to 1000'
const percentMessage = 'expected whole percent from 1 to 100'
const input = z.object({
  args: z.array(z.string()),
  ...letterInput,
  all: z.literal(true).optional(),
  expect: numberInput.optional(),
  skipStale: z.literal(true).optional(),
  rate: numberInput.refine((rate) => rate >= 1 && rate <= 1000, rateMessage).optional(),
  stopOnError: z
    .string()
    .regex(/^\d{1,3}%?$/, percentMessage)
    .transform((text) => Number(text.replace('%', '')))
    .refine((percent) => percent >= 1 && percent <= 100, percentMessage)
    .default(20),
  ...waitInput,
})

/** `tds replay` */
export const replay = defineCommand({
  description:
    'Processes dead letters again: by id, or what the options choose. With --dry-run it says beforehand what each would come to, and which columns change. The choice is frozen as an operation, which a worker carries out at its rate, after live deliveries. What is older than the record still overwrites nothing.',
  arguments: [
    ['[ids...]', 'the dead letters, or events under them; - reads them from standard input, one a line'],
  ],
  options: [
    ...letterOptions,
    ...chooseOptions,
    ['--skip-stale', 'leave out what is older than the record; without it such a letter ends as stale'],
    ['--rate <number>', 'letters a second, 1 to 1000 (default: the setting replay.rate_per_second)'],
    [
      '--stop-on-error <percent>',
      'stop when so many of at least ten have failed; 100 never stops (default: 20)',
    ],
    ...waitOptions,
  ],
  examples: [
    'replay --class mapping --dry-run',
    'replay --class mapping --expect 41 --reason "brand is mapped now"',
    'replay 0b6f3c1e-52c4-4f0e-9a55-4d7c1c1f8a10 --reason "the rate was corrected"',
    'dlq list --code bad_money -o id | tds replay - --reason "the rates were corrected"',
  ],
  changes: true,
  input,
  data,
  run: async (session, given) => replayChosen(session, given),
  show: ({ preview, operation }) => ({
    blocks:
      operation === null
        ? [
            { kind: 'lines', lines: [`${String(preview.length)} dead letters are chosen.`] },
            previewTable(preview),
          ]
        : [{ kind: 'lines', lines: [operationWords(operation)] }, previewTable(preview)],
    ids: operation === null ? [] : [operation.operationId],
    records: preview,
  }),
})

async function replayChosen(
  session: Session,
  given: z.output<typeof input>,
): Promise<Outcome<z.output<typeof data>>> {
  const { filter, expected } = await chooseLetters(session, given)
  const organizationId = session.organizationId()
  const db = await session.database()
  const request = session.request()
  const { operationId, preview: predicted } = await requestReplay(
    db,
    {
      organizationId,
      filter,
      expected,
      words: filterWords(filter),
      ratePerSecond: given.rate ?? (await readSetting(db, 'replay.rate_per_second')),
      stopOnErrorPercent: given.stopOnError,
      skipStale: given.skipStale === true,
    },
    request.dryRun ? request : session.reasonedRequest(),
  )
  const preview = predicted.map(predictionData)
  if (operationId === null) {
    const isPartial = preview.some((one) => one.predicted === 'failed')
    const exitCode = isPartial ? exitCodes.partial : exitCodes.done
    return { data: { preview, operation: null, watched: null }, exitCode }
  }
  const warnings = await workersMissing(db)
  if (!(given.wait ?? session.terminal.stdout.isTTY === true)) {
    const operation = await readOperation(session, operationId)
    return { data: { preview, operation, watched: null }, warnings }
  }
  const watched = await watchOperation(session, operationId, { timeoutSeconds: given.waitTimeout })
  return {
    data: { preview, operation: watched.operation, watched: watched.until },
    warnings: [...warnings, ...goesOn(watched)],
    exitCode: watchedExitCode(watched),
  }
}
