import { z } from 'zod'

/**
 * The one object that every command prints with `--json`, whatever became of it. Fields are only ever added. Ids and
 * amounts are text.
 */
export const envelopeSchema = z.strictObject({
  schema: z.literal('tds.cli/1'),
  command: z.string(),
  ok: z.boolean(),
  exitCode: z.int(),
  dryRun: z.boolean(),
  /** By the command; null where it failed. */
  data: z.unknown(),
  warnings: z.array(z.strictObject({ code: z.string(), message: z.string() })),
  error: z
    .strictObject({
      code: z.string(),
      message: z.string(),
      hint: z.string(),
      retryable: z.boolean(),
      requestId: z.string().nullable(),
    })
    .nullable(),
  meta: z.strictObject({
    env: z.string().nullable(),
    version: z.string(),
    apiVersion: z.string().nullable(),
    transport: z.literal('direct'),
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    nextCursor: z.string().nullable(),
    truncated: z.boolean(),
  }),
})

/** What a command prints with `--json`. */
export type Envelope = z.output<typeof envelopeSchema>
