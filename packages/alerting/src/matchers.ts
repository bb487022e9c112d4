import { z } from 'zod'
import type { Labels } from './labels.ts'

/** A condition on one label; `rule` and `severity` count as labels. */
export const matcherSchema = z
  .object({
    label: z.string().min(1).max(64),
    op: z.enum(['=', '!=', 'in']),
    values: z.array(z.string().max(200)).min(1).max(50),
  })
  .refine(({ op, values }) => op === 'in' || values.length === 1, '= and != take one value')

/** A condition on one label. */
export type Matcher = z.output<typeof matcherSchema>

/** Whether all conditions hold. A label that is not there is the empty text. */
export function matches(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every(({ label, op, values }) => {
    const isOne = values.includes(labels[label] ?? '')
    return op === '!=' ? !isOne : isOne
  })
}
