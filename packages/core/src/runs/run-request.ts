import { z } from 'zod'

/** Ids that one run of a person may name; more are a list to be read. */
export const mostIds = 1000

const instantSchema = z.iso.datetime({ offset: true })

const requestSchema = z.object({
  ids: z
    .array(z.string().regex(/^\d{1,25}$/u, 'an id of Zoho is a number'))
    .min(1)
    .max(mostIds)
    .optional(),
  since: instantSchema.optional(),
  repair: z.boolean().optional(),
})

/** What a run was asked for beyond its mode. */
export type RunRequest = z.output<typeof requestSchema>

/** Reads what a run's row says was asked for; null for what this program did not write. */
export function readRunRequest(text: string): RunRequest | null {
  return requestSchema.safeParse(JSON.parse(text)).data ?? null
}
